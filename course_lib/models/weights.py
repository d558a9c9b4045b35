"""The same weights in two models that are built in different ways."""

from course_lib.errors import CourseError


def same_weights(model, source) -> None:
    """Give each weight of a model the value of the source's, in the layer of the same name.

    CourseError if the source has no layer of that name, or its weight has another shape.
    """
    named = {tuple(weight.path.split("/")[-2:]): weight for weight in source.weights}
    for weight in model.weights:
        found = named.get(tuple(weight.path.split("/")[-2:]))
        if found is None or found.shape != weight.shape:
            raise CourseError(f"{weight.path}: {source.name} has no weight of that name and shape {weight.shape}.")
        weight.assign(found)
