"""A pair of sentences on its way: recipe, data, train, judge; and a trained network at work: translator, say."""
