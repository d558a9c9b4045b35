"""Words cut into pieces that are learned from a text, so that any string can be said with them."""

import hashlib
import io
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.text import BOS, BOS_ID, EOS, EOS_ID, PAD, PAD_ID, UNK, UNK_ID, Vocabulary


class Subwords:
    """Pieces of words by byte-pair encoding (Sennrich et al. 2016), by sentencepiece (Kudo & Richardson 2018)."""

    def __init__(self, model: bytes):
        import sentencepiece

        self.model = model
        self.processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        self.vocabulary = Vocabulary(self.processor.id_to_piece(i) for i in range(self.processor.get_piece_size()))

    def __reduce__(self):
        return Subwords, (self.model,)

    @classmethod
    def learn(cls, sentences: Iterable[str], size: int) -> "Subwords":
        """At most `size` pieces; fewer for a small text."""
        import sentencepiece

        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences), model_writer=model, vocab_size=size, model_type="bpe",
            hard_vocab_limit=False, character_coverage=1.0, pad_id=PAD_ID, unk_id=UNK_ID, bos_id=BOS_ID, eos_id=EOS_ID,
            pad_piece=PAD, unk_piece=UNK, bos_piece=BOS, eos_piece=EOS, minloglevel=2, num_threads=1,
        )  # fmt: skip
        return cls(model.getvalue())

    def cut(self, sentence: str) -> list[str]:
        """A sentence as pieces; a space is a ▁ before the word."""
        return self.processor.encode(sentence, out_type=str)

    def join(self, pieces: list[str]) -> str:
        """The sentence again."""
        return self.processor.decode(pieces)


def kept(folder: Path, sentences: Iterable[str], size: int) -> tuple[str, Subwords]:
    """What `Subwords.learn` makes of these, and its name, by which `load` finds it: a hash of all that makes it.

    It is learned once for a folder. CourseError if it cannot be kept there.
    """
    sentences = list(sentences)
    digest = hashlib.sha256(f"{size} {metadata.version('sentencepiece')}".encode())
    for sentence in sentences:
        digest.update(b"\n" + sentence.encode())
    name = digest.hexdigest()[:16]
    if not _file(folder, name).is_file():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(_file(folder, name), Subwords.learn(sentences, size).model)
        except OSError as error:
            raise CourseError(f"cannot write to {folder} ({error.strerror}): give another folder.") from None
    return name, load(folder, name)


def load(folder: Path, name: str) -> Subwords:
    """The pieces of this name. CourseError if they are not there."""
    try:
        return Subwords(_file(folder, name).read_bytes())
    except OSError as error:
        raise CourseError(f"cannot read {_file(folder, name)} ({error.strerror}): train the network again.") from None


def _file(folder: Path, name: str) -> Path:
    return folder / f"subwords-{name}.model"
