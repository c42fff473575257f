"""Text transforms, and the common ones: results by hand, in pipelines, and refusals."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore
import mindspore.dataset as ds
from mindspore.dataset import text, transforms
from mindspore.dataset.transforms import Relational


def lists(result):
    return [np.asarray(part).tolist() for part in result] if isinstance(result, tuple) else np.asarray(result).tolist()


VOCAB = text.Vocab.from_list(["un", "##want", "##ed", "run", "the", "##ning", "你", "好"], ["[UNK]"])
FOLD = text.NormalizeForm

# name: transform, inputs, the result as lists
CASES = {
    "characters": (text.UnicodeCharTokenizer(True), ["a你b"], [["a", "你", "b"], [0, 1, 4], [1, 4, 5]]),
    "white space": (text.WhitespaceTokenizer(True), [" ab  你 c "], [["ab", "你", "c"], [1, 5, 9], [3, 8, 10]]),
    "nothing": (text.WhitespaceTokenizer(), ["  "], [""]),
    "scripts": (text.UnicodeScriptTokenizer(), ["ab你好 c, д"], ["ab", "你好", "c", ",", "д"]),
    "scripts and spaces": (text.UnicodeScriptTokenizer(True), ["a  b"], ["a", "  ", "b"]),
    "pattern": (text.RegexTokenizer("[ ,]+", ",", True), ["a,b c"], [["a", ",", "b", "c"], [0, 1, 2, 4], [1, 2, 3, 5]]),
    "basic": (text.BasicTokenizer(with_offsets=True), ["It's 你好[MASK]!"],
              [["It", "'", "s", "你", "好", "[MASK]", "!"], [0, 2, 3, 5, 8, 11, 17], [2, 3, 4, 8, 11, 17, 18]]),
    "basic lower": (text.BasicTokenizer(True, preserve_unused_token=False), ["Éa [CLS]"], ["ea", "[", "cls", "]"]),
    "basic normal form": (text.BasicTokenizer(False, True, FOLD.NFKC), ["ﬁ x"], ["fi", " ", "x"]),
    "pieces": (text.WordpieceTokenizer(VOCAB), [["unwanted", "runx", "the"]], ["un", "##want", "##ed", "[UNK]", "the"]),
    "pieces, words kept": (text.WordpieceTokenizer(VOCAB, unknown_token="", with_offsets=True), [["runx", "running"]],
                           [["runx", "run", "##ning"], [0, 4, 7], [4, 7, 11]]),
    "bert": (text.BertTokenizer(VOCAB, lower_case=True, with_offsets=True), ["The 你 unwanted"],
             [["the", "你", "un", "##want", "##ed"], [0, 4, 8, 10, 14], [3, 7, 10, 14, 16]]),
    "python": (text.PythonTokenizer(str.split), ["a b"], ["a", "b"]),
    "fold": (text.CaseFold(), [["Straße", "A"]], ["strasse", "a"]),
    "normal form": (text.NormalizeUTF8(FOLD.NFD), ["é"], "e\u0301"),
    "replace": (text.RegexReplace(r"(\d)", r"<\1>"), ["a1b2"], "a<1>b<2>"),
    "replace first": (text.RegexReplace("a", "b", False), ["aa"], "ba"),
    "wikipedia": (text.FilterWikipediaXML(), ["<b>See</b> [[the page|This]] &amp; 2{{x}}"], "see this two"),
    "n-grams": (text.Ngram([1, 2], ("<", 5), (">", 1), "-"), [["a", "b"]], ["a", "b", "<-a", "a-b", "b->"]),
    "too short": (text.Ngram(3), [["a"]], [""]),
    "window": (text.SlidingWindow(2), [np.array([1, 2, 3])], [[1, 2], [2, 3]]),
    "numbers": (text.ToNumber(mindspore.int32), [["1", "-2"]], [1, -2]),
    "decimal numbers": (text.ToNumber(np.float32), ["0.5"], 0.5),
    "cut": (text.Truncate(2), [["a", "b", "c"]], ["a", "b"]),
    "cut pair": (text.TruncateSequencePair(4), [np.arange(5), np.arange(3)], [[0, 1], [0, 1]]),
    "cut longer": (text.TruncateSequencePair(5), [np.arange(5), np.arange(2)], [[0, 1, 2], [0, 1]]),
    "token before": (text.AddToken("<s>"), [["a"]], ["<s>", "a"]),
    "token behind": (text.AddToken("</s>", False), [[["a"], ["b"]]], [["a", "</s>"], ["b", "</s>"]]),
    "look up": (text.Lookup(VOCAB, "[UNK]"), [["the", "x"]], [5, 0]),
    # The common transforms.
    "fill": (transforms.Fill(3), [np.array([1, 2], np.int8)], [3, 3]),
    "fill text": (transforms.Fill("xyz"), [["a", "b"]], ["xyz", "xyz"]),
    "mask": (transforms.Mask(Relational.GE, 2), [np.array([1, 2, 3])], [False, True, True]),
    "mask as numbers": (transforms.Mask(Relational.EQ, "b", mindspore.int32), [["a", "b"]], [0, 1]),
    "pad": (transforms.PadEnd([3, None], -1), [np.ones((2, 1), int)], [[1], [1], [-1]]),
    "pad cuts": (transforms.PadEnd([1]), [np.array([4, 5])], [4]),
    "pad text": (transforms.PadEnd([3], "<pad>"), [["a", "b"]], ["a", "b", "<pad>"]),
    "slice": (transforms.Slice(slice(0, 2), [0, 2]), [np.arange(9).reshape(3, 3)], [[0, 2], [3, 5]]),
    "slice all": (transforms.Slice(..., 1), [np.arange(4).reshape(2, 2)], [[1], [3]]),
    "unique": (transforms.Unique(), [np.array([3, 1, 3])], [[3, 1], [0, 1, 0], [2, 1]]),
    "duplicate": (transforms.Duplicate(), [np.array([1])], [[1], [1]]),
    "concatenate": (transforms.Concatenate(0, np.array([0]), np.array([9])), [np.array([1]), np.array([2])],
                    [0, 1, 2, 9]),
    "apply": (transforms.RandomApply([transforms.Fill(1)], 1.0), [np.array([0])], [1]),
}


@pytest.mark.parametrize("name", CASES)
def test_results_directly_and_in_a_pipeline(name):
    transform, inputs, expected = CASES[name]
    assert lists(transform(*inputs)) == expected
    columns = [f"c{i}" for i in range(len(inputs))]
    results = len(expected) if isinstance(transform(*inputs), tuple) else 1
    mapped = ds.GeneratorDataset([tuple(np.array(value) for value in inputs)] * 3, columns, shuffle=False).map(
        transform, columns, [f"r{i}" for i in range(results)])
    for row in mapped.create_tuple_iterator(num_epochs=1, output_numpy=True):
        found = [value.tolist() for value in row[:results]]
        assert found == (expected if results > 1 else [expected])


def test_dtypes():
    assert text.Lookup(VOCAB, "[UNK]", mindspore.int64)(["the"]).dtype == np.int64
    assert text.ToNumber(mindspore.float16)("1").dtype == np.float16
    assert text.WhitespaceTokenizer(True)("a")[1].dtype == np.uint32
    assert text.to_str(text.to_bytes(np.array(["é", "a"]))).tolist() == ["é", "a"]
    assert text.to_str(np.array(["é", "a"])).tolist() == ["é", "a"] and text.to_str(np.array("b")) == "b"
    with pytest.raises(TypeError, match="to_str"):
        text.to_str(np.array([1]))


def test_vocabularies(tmp_path):
    assert VOCAB.tokens_to_ids(["[UNK]", "run", "q"]) == [0, 4, -1] and VOCAB.ids_to_tokens(4) == "run"
    assert text.Vocab.from_list(["a"], ["<pad>"], False).vocab() == {"a": 0, "<pad>": 1}
    assert text.Vocab.from_dict({"a": 7}).ids_to_tokens([7, 1]) == ["a", ""]
    (tmp_path / "v.txt").write_text("a 1\nb 2\nc 3\n")
    assert text.Vocab.from_file(str(tmp_path / "v.txt"), " ", 2, ["<s>"]).vocab() == {"<s>": 0, "a": 1, "b": 2}
    rows = ds.GeneratorDataset([(np.array(["b", "a", "b"]), np.array(["c"]))], ["x", "y"], shuffle=False)
    assert text.Vocab.from_dataset(rows).vocab() == {"b": 0, "a": 1, "c": 2}
    assert text.Vocab.from_dataset(rows, "x", (2, None), None, ["<u>"]).vocab() == {"<u>": 0, "b": 1}
    assert text.Vocab.from_dataset(rows, top_k=1).vocab() == {"b": 0}


def test_word_vectors(tmp_path):
    (tmp_path / "v.txt").write_text("2 3\na 1 2 3\nb 4 5 6\n")
    vectors = text.GloVe.from_file(str(tmp_path / "v.txt"))
    assert vectors.dim == 3
    assert text.ToVectors(vectors, [9, 9, 9], True)(["A", "q"]).tolist() == [[1, 2, 3], [9, 9, 9]]
    (tmp_path / "n.txt").write_text("2gram-ab 2 4\n3gram-ab#END# 4 0\n")
    assert text.ToVectors(text.CharNGram.from_file(str(tmp_path / "n.txt")))("ab").tolist() == [3, 2]
    (tmp_path / "bad.txt").write_text("a 1 2\nb 1\n")
    with pytest.raises(ValueError, match="line 2"):
        text.Vectors.from_file(str(tmp_path / "bad.txt"))


ERRORS = {
    "numbers": (lambda: text.CaseFold()(np.array([1])), TypeError, "text is needed"),
    "several": (lambda: text.WhitespaceTokenizer()(["a", "b"]), ValueError, "one text"),
    "bytes": (lambda: text.CaseFold()(b"\xff"), ValueError, "UTF-8"),
    "pattern": (lambda: text.RegexTokenizer("("), ValueError, "pattern"),
    "unknown": (lambda: text.Lookup(VOCAB)(["q"]), ValueError, "'q'.*unknown_token"),
    "unknown token": (lambda: text.Lookup(VOCAB, "q"), ValueError, "not in the vocabulary"),
    "twice": (lambda: text.Vocab.from_list(["a", "a"]), ValueError, "twice"),
    "special": (lambda: text.Vocab.from_list(["a"], ["a"]), ValueError, "special"),
    "number": (lambda: text.ToNumber(np.int8)("300"), ValueError, "no number of int8"),
    "form": (lambda: text.NormalizeUTF8("NFC"), TypeError, "NormalizeForm"),
    "pad": (lambda: text.Ngram(2, "a"), TypeError, "left_pad"),
    "fill": (lambda: transforms.Fill("a")(np.array([1])), TypeError, "does not fit"),
    "operator": (lambda: transforms.Mask("=", 1), TypeError, "Relational"),
    "shape": (lambda: transforms.PadEnd([1, 2])(np.array([1])), ValueError, "dimensions"),
    "slices": (lambda: transforms.Slice(0, 1)(np.array([1])), IndexError, "too many"),
    "axis": (lambda: transforms.Concatenate(2)(np.array([1]), np.array([1])), ValueError, "axis 2"),
    "empty": (lambda: transforms.RandomChoice([]), ValueError, "empty"),
    "probability": (lambda: transforms.RandomApply([len], 2), ValueError, "0..1"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_wrong_use(name):
    make, error, message = ERRORS[name]
    with pytest.raises(error, match=message):
        make()


def test_a_vocabulary_takes_arrays_and_no_other_words():
    vocab = text.Vocab.from_list(["a", "b", "c"])
    assert vocab.tokens_to_ids(np.array("b")) == 1 and vocab.tokens_to_ids(np.array(["c", "x"])) == [2, -1]
    assert vocab.ids_to_tokens(np.array(2)) == "c" and vocab.ids_to_tokens(np.array([0, 9])) == ["a", ""]
    for wrong in ([1, "a"], 1, np.array([1])):
        with pytest.raises(TypeError, match="tokens_to_ids"):
            vocab.tokens_to_ids(wrong)


def test_programs_import_from_the_paths_of_the_real_package():
    from mindspore.dataset.callback import DSCallback
    from mindspore.mindrecord.filewriter import FileWriter
    from mindspore.mindrecord.tools.csv_to_mr import CsvToMR
    assert DSCallback is ds.DSCallback
    assert FileWriter is mindspore.mindrecord.FileWriter and CsvToMR is mindspore.mindrecord.CsvToMR
