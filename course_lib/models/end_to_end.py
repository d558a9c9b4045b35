"""A CNN and a captioner as one network, so that what is wrong with a caption reaches the CNN's weights, too."""

from course_lib.backend import keras


@keras.saving.register_keras_serializable(package="course_lib")
class EndToEnd(keras.Model):
    """Pictures (P, 128, 128, 3) and the words before (B, J) -> logits (B, J, words).

    batch_means: whether batch normalisation takes means and spreads from each batch, or those the CNN has kept.
    """

    def __init__(self, cnn, captioner, batch_means=False):
        super().__init__()
        self.cnn, self.captioner, self.batch_means = cnn, captioner, batch_means

    def call(self, inputs, training=False):
        """What the CNN says of the regions, the largest of each number, and the captioner on that."""
        pictures, before = inputs
        regions = self.cnn(pictures, training=training and self.batch_means)  # (P, 8, 8, 236)
        v = keras.ops.max(regions, axis=(1, 2))  # (P, 236)
        return self.captioner((v, before), training=training)


def two_rates(cnn, fast, slow):
    """An optimizer: `slow` for the weights of the CNN, `fast` for all others."""
    own = {weight.path for weight in cnn.trainable_weights}
    return keras.optimizers.MultiOptimizer(lambda weight: slow if weight.path in own else fast)
