"""Yes or no of a sentence, at full size: counting n-grams, and a committee of readers."""
