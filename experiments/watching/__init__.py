"""A film clip on its way: recipe, data, model, train, judge; and a trained network at work: name."""
