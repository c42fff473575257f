"""An LSTM learns to tell praise from complaint: words, a vocabulary, batches of like lengths, `Model.fit`.

    python examples/text_classifier.py                          # reviews that a small grammar writes
    python examples/text_classifier.py --say "the soup was not bad"     # and what the network makes of a sentence

A review has one to six clauses. A clause says something good or bad of a thing, perhaps denied ("was not cold", "was
never bland"); after "but" the verdict turns. What counts is how the review ends, so the same words in another order
mean something else, and counting words does not do.

The pipeline cuts sentences into words, looks them up in a vocabulary that it has collected itself, and batches
sentences of like lengths (`bucket_batch_by_length`), so that little is padded and graph mode compiles one graph for
each bucket. The LSTM (Hochreiter and Schmidhuber, "Long short-term memory", 1997) reads in both directions;
`seq_length` keeps it from the padding.
"""
from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pictures

import mindspore as ms
from mindspore import nn, ops
from mindspore.dataset import Dataset, NumpySlicesDataset, text
from mindspore.train import Callback, Model

CLASSES = ("complaint", "praise")
THINGS = "soup bread fish salad cake coffee wine waiter music table room service window garden bill".split()
GOOD = "warm fresh tasty kind quick lovely clean fair splendid quiet".split()
BAD = "cold stale bland rude slow awful dirty dear dreadful noisy".split()
MORE = ("", "very", "rather", "so", "really quite")
PADDING, UNKNOWN = "<pad>", "<unknown>"
BOUNDARIES = (9, 17, 25, 33, 49)  # of the buckets' lengths, in words


def clause(random: np.random.Generator, praise: bool) -> str:
    """The verdict on one thing: a word of its kind, or a denied word of the other."""
    denied = random.random() < 0.4
    word = random.choice(GOOD if praise != denied else BAD)
    denial = f" {random.choice(['not', 'never'])}" if denied else ""
    return " ".join(f"the {random.choice(THINGS)} was{denial} {random.choice(MORE)} {word}".split())


def review(random: np.random.Generator) -> tuple[str, int]:
    """A review, and whether it ends in praise."""
    praise = bool(random.integers(2))
    words = [clause(random, praise)]
    for _ in range(random.integers(6)):
        turned = random.random() < 0.4
        praise ^= turned
        words += ["but" if turned else "and", clause(random, praise)]
    return " ".join(words), int(praise)


def reviews(count: int, seed: int) -> tuple[list[str], np.ndarray]:
    """So many reviews, and their classes (count,) of int32."""
    random = np.random.default_rng(seed)
    sentences, labels = zip(*(review(random) for _ in range(count)))
    return list(sentences), np.array(labels, np.int32)


def words_of(sentences: list[str], labels: np.ndarray, shuffle: bool) -> Dataset:
    """Rows of the words of a sentence, and its class."""
    rows = NumpySlicesDataset((sentences, labels), ["words", "label"], shuffle=shuffle)
    return rows.map(text.WhitespaceTokenizer(), "words")


def batches(rows: Dataset, vocabulary: text.Vocab, size: int) -> Dataset:
    """Batches (N, T) of the words' numbers, 0 after the end of a sentence, and of the classes (N,); T is one of few."""
    rows = rows.map([text.Truncate(BOUNDARIES[-1] - 1), text.Lookup(vocabulary, unknown_token=UNKNOWN)], "words")
    return rows.bucket_batch_by_length(["words"], list(BOUNDARIES), [size] * (len(BOUNDARIES) + 1),
                                       pad_info={"words": ([None], 0)}, pad_to_bucket_boundary=True)


class Classifier(nn.Cell):
    """Words (N, T) of int32, 0 after the end, to scores (N, 2)."""

    def __init__(self, words: int, width: int):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.lstm = nn.LSTM(width, width, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(p=0.2)
        self.dense = nn.Dense(2 * width, len(CLASSES))

    def construct(self, words):
        """The scores, from what each direction has in mind at its end."""
        lengths = (words != 0).astype(ms.int32).sum(1)
        _, (last, _) = self.lstm(self.embedding(words), seq_length=lengths)
        return self.dense(self.dropout(ops.cat((last[0], last[1]), axis=1)))


class Lines(Callback):
    """A line for each epoch: the losses of training, and loss and accuracy on reviews that were not learned from."""

    def __init__(self, model: Model, test: Dataset):
        super().__init__()
        self.model, self.test, self.losses, self.began = model, test, [], time.perf_counter()
        self.curves = {"loss, learned": ([], []), "loss, unseen": ([], []), "accuracy, unseen": ([], [])}

    def on_train_step_end(self, run_context):
        """Keep the loss."""
        self.losses.append(run_context.original_args().net_outputs)

    def on_train_epoch_end(self, run_context):
        """Evaluate and print."""
        now = run_context.original_args()
        unseen = self.model.eval(self.test)
        learned = float(np.mean([float(loss) for loss in self.losses]))
        self.losses.clear()
        print(f"epoch {now.cur_epoch_num}/{now.epoch_num}  loss {learned:.3f}  unseen {unseen['loss']:.3f}  accuracy "
              f"{100 * unseen['accuracy']:.1f}%  {time.perf_counter() - self.began:.1f} s", flush=True)
        for curve, height in zip(self.curves.values(), (learned, unseen["loss"], unseen["accuracy"])):
            curve[0].append(now.cur_epoch_num)
            curve[1].append(height)


def verdicts(network: nn.Cell, vocabulary: text.Vocab, sentences: list[str]) -> list[str]:
    """The class of each sentence, as the network sees it; words that it has not met count as unknown."""
    rows = batches(words_of(sentences, np.zeros(len(sentences), np.int32), shuffle=False), vocabulary, 1)
    model = Model(network)
    return [CLASSES[int(model.predict(words).argmax())] for words, _ in rows.create_tuple_iterator(num_epochs=1)]


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="An LSTM learns to tell praise from complaint.")
    parser.add_argument("--say", action="append", metavar="SENTENCE", help="a sentence to judge; may be given again")
    parser.add_argument("--reviews", type=int, default=2000, help="how many reviews to learn from (2000)")
    parser.add_argument("--epochs", type=int, default=6, help="passes over the reviews (6)")
    parser.add_argument("--batch", type=int, default=32, help="reviews of a step (32)")
    parser.add_argument("--width", type=int, default=48, help="numbers for a word, and in each direction's memory (48)")
    parser.add_argument("--mode", choices=("graph", "pynative"), default="graph")
    parser.add_argument("--device", default="CPU", help="the device target (default: CPU)")
    parser.add_argument("--output", type=Path, metavar="DIR", default=Path("text_output"),
                        help="where the picture goes (default: ./text_output)")
    options = parser.parse_args(arguments)
    for name, least in (("reviews", 40), ("epochs", 1), ("batch", 1), ("width", 1)):
        if getattr(options, name) < least:
            parser.error(f"--{name} must be at least {least}, but is {getattr(options, name)}")
    for sentence in options.say or ():
        if not sentence.split():
            parser.error("--say needs a sentence of one word or more")
    return options


def main(arguments: list[str] | None = None) -> None:
    """Write reviews, learn, and judge."""
    options = parse(arguments)
    began = time.perf_counter()
    options.output.mkdir(parents=True, exist_ok=True)
    ms.set_context(mode=ms.GRAPH_MODE if options.mode == "graph" else ms.PYNATIVE_MODE, device_target=options.device)
    ms.set_seed(1)
    learned, unseen = reviews(options.reviews, seed=0), reviews(options.reviews // 4, seed=1)
    rows = words_of(*learned, shuffle=True)
    vocabulary = text.Vocab.from_dataset(rows, "words", special_tokens=[PADDING, UNKNOWN], special_first=True)
    train = batches(rows, vocabulary, options.batch)
    test = batches(words_of(*unseen, shuffle=False), vocabulary, 100)

    network = Classifier(len(vocabulary.vocab()), options.width)
    optimizer = nn.Adam(network.trainable_params(), learning_rate=0.003)
    model = Model(network, nn.CrossEntropyLoss(), optimizer, metrics={"loss", "accuracy"})
    print(f"{options.reviews} reviews of {len(vocabulary.vocab())} words, such as\n  {learned[0][1]}", flush=True)
    lines = Lines(model, test)
    model.train(options.epochs, train, callbacks=lines)

    said = options.say or ["the soup was cold", "the soup was not cold", "the soup was cold but the wine was splendid",
                           "the wine was splendid but the soup was cold"]
    for sentence, verdict in zip(said, verdicts(network, vocabulary, said)):
        print(f"  {verdict}: {sentence}")
    pictures.curves(lines.curves, "epoch", "loss, and share of right verdicts", "an LSTM tells praise from complaint",
                    options.output / "curves.png")
    print(f"total time: {time.perf_counter() - began:.1f} s")
    print(f"test accuracy: {100 * model.eval(test)['accuracy']:.1f}%")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\nstopped by Ctrl-C", file=sys.stderr)
        sys.exit(130)
