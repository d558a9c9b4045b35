"""A photograph on its way: recipe, data, model, train, judge; and a trained captioner at work: caption."""
