"""A pair of sentences on its way: recipe, data, train (and judge); and a trained network at work: translator, say."""
