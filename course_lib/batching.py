"""Endless batches for `training.fit`: of texts, texts with verdicts, tapes, signals, sounds, pairs, captions."""

import itertools
from collections.abc import Iterator

import numpy as np

from course_lib.errors import CourseError
from course_lib.text import BOS_ID, PAD_ID, next_word_pairs


def story_batches(rows: np.ndarray, batch_size: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Endless shuffled batches of (inputs, targets), texts of like length together, so little time goes to padding.

    rows: (N, L) from `to_rows`. Each batch is cut to its longest text: (batch_size, T) twice.
    """
    lengths = (rows != PAD_ID).sum(axis=1)
    rng = np.random.default_rng(seed)
    while True:
        for chosen in bucketed(lengths, batch_size, rng):
            yield next_word_pairs(rows[chosen, : lengths[chosen].max()])


def bucketed(lengths, batch_size, rng):
    """Which texts are read together, once through all: like lengths, in random order.

    CourseError if there are fewer texts than a batch takes.
    """
    if len(lengths) < batch_size:
        raise CourseError(f"a batch takes {batch_size} texts, there are only {len(lengths)}: use a smaller batch_size.")
    order, pool = rng.permutation(len(lengths)), batch_size * 50
    for start in range(0, len(order), pool):
        part = order[start : start + pool]
        part = part[np.argsort(lengths[part], kind="stable")]
        batches = [part[i : i + batch_size] for i in range(0, len(part) - batch_size + 1, batch_size)]
        for i in rng.permutation(len(batches)):
            yield batches[i]


def verdict_batches(rows, verdicts, batch_size: int, seed: int, every_step=False):
    """Endless shuffled batches (tokens (batch_size, T), verdicts (batch_size,)), texts of like length together.

    rows (N, L): from `text.to_rows` with marks=False; verdicts (N,): 1 or 0. every_step: the verdict at each word,
    (batch_size, T), -1 where there is none, as `training.verdict_loss` takes them. CourseError if a row has no word,
    there is not a verdict for each, or one is neither 1 nor 0.
    """
    rows, verdicts = np.asarray(rows), np.asarray(verdicts)
    if verdicts.shape != rows.shape[:1] or not np.isin(verdicts, (0, 1)).all():
        raise CourseError(f"verdicts: expected 1 or 0 for each of {len(rows)} texts, got an array {verdicts.shape}.")
    lengths = (rows != PAD_ID).sum(axis=1)
    if not lengths.all():
        raise CourseError(f"row {int(lengths.argmin())} has no word: leave it out.")
    reach = np.where(rows != PAD_ID, np.arange(1, rows.shape[1] + 1), 0).max(axis=1)  # padding may stand anywhere
    rng = np.random.default_rng(seed)
    while True:
        for chosen in bucketed(lengths, batch_size, rng):
            tokens, said = rows[chosen, : reach[chosen].max()], verdicts[chosen].astype(np.float32)
            yield tokens, np.where(tokens != PAD_ID, said[:, None], np.float32(-1)) if every_step else said


def padded_sounds(sounds, multiple=8) -> np.ndarray:
    """Sounds, each frames (T, bands) -> (B, longest, bands), float32, 0 where a sound is over.

    The longest is rounded up, so that few lengths have to be compiled. CourseError if there is none, or one is empty.
    """
    lengths = [len(sound) for sound in sounds]
    if not lengths or not min(lengths):
        raise CourseError("sounds: expected at least one, and a frame in each.")
    result = np.zeros((len(sounds), -(-max(lengths) // multiple) * multiple, sounds[0].shape[1]), np.float32)
    for row, sound in zip(result, sounds, strict=True):
        row[: len(sound)] = sound
    return result


def sound_batches(sounds, rows, batch_size: int, seed: int):
    """Endless shuffled batches of sounds, like lengths together, and what is said in each.

    sounds: N arrays (T, bands). rows (N, U): letters from `text.to_rows`. With marks=False, ((batch_size, T, bands),
    letters), for `training.ctc_loss`; with <bos> and <eos>, ((sounds, letters before), letters), for a decoder.
    CourseError if there is not a row for each sound.
    """
    if len(sounds) != len(rows):
        raise CourseError(f"expected a row of letters for each sound, got {len(sounds)} sounds and {len(rows)} rows.")
    lengths, letters = np.array([len(sound) for sound in sounds]), (rows != PAD_ID).sum(axis=1)
    told, rng = bool((rows[:, 0] == BOS_ID).all()), np.random.default_rng(seed)
    while True:
        for chosen in bucketed(lengths, batch_size, rng):
            frames, said = padded_sounds([sounds[i] for i in chosen]), rows[chosen, : letters[chosen].max()]
            yield ((frames, said[:, :-1]), said[:, 1:]) if told else (frames, said)


def stream_batches(ids, batch_size, length):
    """Endless batches of (inputs, targets) from one long tape (N,), both (batch_size, length).

    The tape is cut into batch_size rows that are read side by side: row b of a batch goes on where row b of the batch
    before ended, so that a memory may be carried over. At the end of the rows all begin again.
    """
    row = (len(ids) - 1) // batch_size  # tokens in a row
    if row < length:
        raise CourseError(
            f"{batch_size} rows of {length} tokens and one to follow need a text of {batch_size * length + 1} tokens, "
            f"this one has {len(ids)}: use a longer text, fewer rows or shorter ones."
        )
    inputs = ids[: batch_size * row].reshape(batch_size, row)
    targets = ids[1 : batch_size * row + 1].reshape(batch_size, row)  # the same, one token on
    while True:
        for start in range(0, row - length + 1, length):
            yield inputs[:, start : start + length], targets[:, start : start + length]


def ahead_targets(numbers: np.ndarray, ahead: int) -> tuple[np.ndarray, np.ndarray]:
    """Signals (N, T + ahead, D) -> what is read (N, T, D), and what comes 1 to `ahead` steps later (N, T, ahead, D).

    CourseError if nothing is left to read.
    """
    length = numbers.shape[1] - ahead
    if ahead < 1 or length < 1:
        raise CourseError(
            f"signals of {numbers.shape[1]} steps, {ahead} ahead: expected 1 ahead or more, and longer signals."
        )
    return numbers[:, :length], np.stack([numbers[:, k : k + length] for k in range(1, ahead + 1)], axis=2)


def signal_batches(draw, batch_size: int, seed: int, ahead: int = 1, at_once: int = 20):
    """Endless batches from `ahead_targets` of signals that are new each time, float32.

    draw(count, seed): makes signals (count, T + ahead, D), or a tuple that begins with them, as `worlds.signals` does.
    at_once: so many batches are drawn together, which is faster.
    """
    for draws in itertools.count():
        drawn = draw(batch_size * at_once, seed * 100_003 + draws)
        numbers = np.asarray(drawn[0] if isinstance(drawn, tuple) else drawn, np.float32)
        read, later = ahead_targets(numbers, ahead)
        for i in range(0, len(read), batch_size):
            yield read[i : i + batch_size], later[i : i + batch_size]


def window_batches(read: np.ndarray, later: np.ndarray, length: int, batch_size: int, seed: int, noise: float = 0.0):
    """Endless batches of windows of one long signal, each from a random place on: (batch_size, length, ...) twice.

    read (N, D): what is read at each step; later (N, ...): its targets. noise: the standard deviation of what is added
    to what is read, new each time, so that a short signal is not learned by heart. CourseError if it is shorter than a
    window.
    """
    if not 1 <= length <= len(read):
        raise CourseError(
            f"windows of {length} steps, a signal of {len(read)}: expected 1 or more, and a longer signal."
        )
    rng = np.random.default_rng(seed)
    while True:
        places = rng.integers(len(read) - length + 1, size=(batch_size, 1)) + np.arange(length)
        seen = read[places]
        yield (seen + noise * rng.normal(size=seen.shape)).astype(np.float32), later[places].astype(np.float32)


def position_batches(rows: np.ndarray, batch_size: int, seed: int, view) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Endless shuffled batches of positions for a network without a memory; `view` is windows or bags with its size.

    batch_size counts texts; a batch holds all their positions.
    """
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(len(rows))
        for start in range(0, len(order) - batch_size + 1, batch_size):
            yield view(rows[order[start : start + batch_size]])


def pair_batches(source, target, batch_size, seed):
    """Endless shuffled batches ((sentences, words before), words to say) of like length, from `pair_rows`.

    Each is cut to its longest: (batch_size, T), (batch_size, J), (batch_size, J).
    """
    lengths = np.stack([(source != PAD_ID).sum(axis=1), (target != PAD_ID).sum(axis=1)])
    rng = np.random.default_rng(seed)
    while True:
        for chosen in bucketed(lengths.sum(axis=0), batch_size, rng):
            T, J = lengths[:, chosen].max(axis=1)
            before, said = next_word_pairs(target[chosen, :J])
            yield (source[chosen, :T], before), said


def caption_batches(features, image_rows, captions, batch_size: int, seed: int, captions_per_image: int = 1):
    """Endless shuffled batches ((vectors, words before), words to say) for `training.fit`, streamed by tf.data.

    features: rows of vectors, memory-mapped or not (FeatureCache.rows, SparseGrids); image_rows (N,): the row of each
    caption's picture; captions (N, L), from `text.to_rows`. Captions of like length come together,
    (batch_size, J), and vectors for them: (batch_size // captions_per_image, ...), where each picture has so many
    captions that follow one another, of like length, too; so a picture is read once for all of them. What is left of a
    picture's captions waits for the next time round. CourseError if batch_size is no multiple of captions_per_image, or
    no picture has so many captions.
    """
    import tensorflow as tf

    image_rows, lengths = np.asarray(image_rows), (captions != PAD_ID).sum(axis=1)
    rng = np.random.default_rng(seed)
    if batch_size % captions_per_image:
        raise CourseError(
            f"batch_size: expected a multiple of captions_per_image, {captions_per_image}, got {batch_size}."
        )

    def groups():
        """Which captions share a picture: (G, captions_per_image), those of like length together."""
        order = np.lexsort((rng.random(len(captions)), image_rows))
        rank = np.arange(len(order)) - np.searchsorted(image_rows[order], image_rows[order])
        count = np.bincount(image_rows)[image_rows[order]]
        # In random order, so others are left out each time.
        kept = order[rank < count // captions_per_image * captions_per_image]
        kept = kept[np.lexsort((lengths[kept], image_rows[kept]))]
        if not len(kept):
            raise CourseError(f"captions_per_image: no picture has {captions_per_image} captions.")
        return kept.reshape(-1, captions_per_image)

    def generate():
        while True:
            shared = groups() if captions_per_image > 1 else np.arange(len(captions))[:, None]
            for chosen in bucketed(lengths[shared].max(axis=1), batch_size // captions_per_image, rng):
                said = shared[chosen]
                before, after = next_word_pairs(captions[said.ravel(), : lengths[said].max()])
                yield (np.asarray(features[image_rows[said[:, 0]]], np.float32), before), after

    words = tf.TensorSpec((None, None), tf.int32)
    vectors = tf.TensorSpec((None, *features.shape[1:]), tf.float32)
    stream = tf.data.Dataset.from_generator(generate, output_signature=((vectors, words), words)).prefetch(4)
    return iter(stream)
