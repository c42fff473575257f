"""Chinese words: cuts by hand from small files of both kinds, added words, byte places, and refusals."""
from __future__ import annotations

import math

import numpy as np
import pytest

import mindspore.dataset as ds
from mindspore.dataset import text
from mindspore.dataset.text import JiebaMode

# Of 1,000 words. 明月 and 光 together are rarer than 明月光; 市长 and 大桥 together more frequent than 市 and 长大桥.
WORDS = """床 100 n
前 100 f
明月 10 n
明月光 40 nr
光 10 n

市 90 n
市长 100 n
长大桥 5 n
大桥 100 n
看 400 v
见 44 v
iPad 1 eng
"""

NEVER = -3.14e+100


def model(**characters: dict[str, float]) -> str:
    """A model whose next places are equally likely where they are possible, and its characters."""
    half = math.log(0.5)
    table = {place: ",".join(f"{c}:{value}" for c, value in {"?": -9.0, **characters.get(place, {})}.items())
             for place in "BEMS"}
    return f"""#prob_start
{half} {NEVER} {NEVER} {half}
#prob_trans
{NEVER} {half} {half} {NEVER}
{half} {NEVER} {NEVER} {half}
{NEVER} {half} {half} {NEVER}
{half} {NEVER} {NEVER} {half}
#prob_emit 4 lines

#B
{table["B"]}
#E
{table["E"]}
#M
{table["M"]}
#S
{table["S"]}
"""


# 甲 begins words, 乙 goes on with them, 丙 ends them, 丁 and 床 stand alone.
MODEL = model(B={"甲": -1.0, "丁": -8.0}, E={"丙": -1.0, "丁": -8.0}, M={"乙": -1.0},
              S={"丁": -1.0, "甲": -7.0, "床": -1.0})


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jieba")
    (folder / "hmm").write_text(MODEL, encoding="utf-8")
    (folder / "words").write_text(WORDS, encoding="utf-8")
    return str(folder / "hmm"), str(folder / "words")


# name: mode, text, tokens
CASES = {
    "a longer word": (JiebaMode.MP, "床前明月光", ["床", "前", "明月光"]),
    "the more probable cut": (JiebaMode.MP, "市长大桥", ["市长", "大桥"]),
    "characters without a word": (JiebaMode.MP, "看甲乙见", ["看", "甲", "乙", "见"]),
    "a word of letters": (JiebaMode.MP, "看iPad2", ["看", "iPad", "2"]),
    "no word over a separator": (JiebaMode.MP, "明月，光 。明月光", ["明月", "，", "光", " ", "。", "明月光"]),
    "places": (JiebaMode.HMM, "甲乙乙丙丁甲丙", ["甲乙乙丙", "丁", "甲丙"]),
    "the end is an end or single": (JiebaMode.HMM, "丁甲", ["丁", "甲"]),
    "letters, numbers and signs": (JiebaMode.HMM, "甲丙iPad2丁3.14!1a", ["甲丙", "iPad2", "丁", "3.14", "!", "1", "a"]),
    "the model for what is left": (JiebaMode.MIX, "床甲乙丙明月光甲丙", ["床", "甲乙丙", "明月光", "甲丙"]),
    "single words go to the model": (JiebaMode.MIX, "明月iPad丁v2.5", ["明月", "iPad", "丁", "v2", ".", "5"]),
    "outside of the basic plane": (JiebaMode.MIX, "明月\U00020000光", ["明月", "\U00020000", "光"]),
    "nothing": (JiebaMode.MIX, "", [""]),
}


@pytest.mark.parametrize("mode, given, wanted", CASES.values(), ids=CASES.keys())
def test_cuts(files, mode, given, wanted):
    assert text.JiebaTokenizer(*files, mode)(given).tolist() == wanted


@pytest.mark.parametrize("mode", JiebaMode)
@pytest.mark.parametrize("given", [case[1] for case in CASES.values()])
def test_places_are_those_of_the_bytes(files, mode, given):
    words, starts, ends = text.JiebaTokenizer(*files, mode, with_offsets=True)(given)
    assert starts.dtype == ends.dtype == np.uint32
    assert [given.encode()[a:b].decode() for a, b in zip(starts, ends)] == words.tolist()
    assert "".join(words) == given


def test_in_a_pipeline(files):
    rows = ds.NumpySlicesDataset(["床前明月光", "明月"], ["text"], shuffle=False)
    rows = rows.map(text.JiebaTokenizer(*files, JiebaMode.MP, True), ["text"], ["token", "start", "end"])
    assert [[part.tolist() for part in row] for row in rows.create_tuple_iterator(num_epochs=1, output_numpy=True)] == [
        [["床", "前", "明月光"], [0, 3, 6], [3, 6, 15]], [["明月"], [0], [6]]]


# name: what is added, text, tokens before, tokens after
ADDED = {
    "a word": (lambda op, _: op.add_word("前明"), "前明", ["前", "明"], ["前明"]),
    "too rare a word": (lambda op, _: op.add_word("床前", 1), "床前", ["床", "前"], ["床", "前"]),
    "frequent enough": (lambda op, _: op.add_word("床前", 11), "床前", ["床", "前"], ["床前"]),
    "0 is the usual frequency": (lambda op, _: op.add_word("床前", 0), "床前", ["床", "前"], ["床前"]),
    "a changed frequency": (lambda op, _: op.add_word("长大桥", 900), "市长大桥", ["市长", "大桥"], ["市", "长大桥"]),
    "a dict": (lambda op, _: op.add_dict({"床前": 50, "月光": 7}), "床前", ["床", "前"], ["床前"]),
    "a file": (lambda op, path: op.add_dict(path), "前明甲乙", ["前", "明", "甲", "乙"], ["前明", "甲", "乙"]),
}


@pytest.mark.parametrize("add, given, before, after", ADDED.values(), ids=ADDED.keys())
def test_added_words(files, tmp_path, add, given, before, after):
    path = tmp_path / "own"
    path.write_text("\ufeff前明 50\n\n  床前\nthree words 7\n甲乙 many\n", encoding="utf-8")
    op = text.JiebaTokenizer(*files, JiebaMode.MP)
    assert op(given).tolist() == before
    add(op, str(path))
    assert op(given).tolist() == after


# name: the dictionary, the model, what the message says
DAMAGED = {
    "a field is missing": ("床 1 n\n前 2\n", MODEL, "line 2 .*mp_path"),
    "no number": ("床 1 n\n\n前 x f\n", MODEL, "line 3 .*mp_path"),
    "no frequency": ("床 0 n\n", MODEL, "line 1 .*above 0"),
    "two spaces": ("床  1 n\n", MODEL, "line 1 .*one space"),
    "no words": ("\n", MODEL, "holds no words"),
    "no text": (b"\xff 1 n\n", MODEL, "mp_path.*no text in UTF-8"),
    "lines are missing": (WORDS, MODEL.rpartition("#S")[0], "9 lines .*holds 8"),
    "three numbers": (WORDS, MODEL.replace(f"{NEVER} {NEVER}", f"{NEVER}", 1), "line 2 .*hmm_path.* 4 numbers"),
    "not a number": (WORDS, MODEL.replace(f"{NEVER}", "nan", 1), "line 2 .*hmm_path"),
    "no character": (WORDS, MODEL.replace("甲:", ":", 1), "line 11 .*character:number"),
    "no value": (WORDS, MODEL.replace("丙:-1.0", "丙:", 1), "line 13 .*'丙:'"),
    "no text in the model": (WORDS, b"\xff", "hmm_path.*no text in UTF-8"),
}


@pytest.mark.parametrize("words, places, message", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_files(tmp_path, words, places, message):
    for name, content in (("words", words), ("hmm", places)):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message):
        text.JiebaTokenizer(str(tmp_path / "hmm"), str(tmp_path / "words"))


# name: a call with the two paths, the error, what the message says
REFUSED = {
    "no model": (lambda h, m: text.JiebaTokenizer(None, m), ValueError, "'hmm_path'"),
    "no dictionary": (lambda h, m: text.JiebaTokenizer(h, None), ValueError, "'mp_path'"),
    "a number for a path": (lambda h, m: text.JiebaTokenizer(h, 3), TypeError, "'mp_path'.*int"),
    "no such file": (lambda h, m: text.JiebaTokenizer(h + "x", m), ValueError, "there is none at"),
    "a mode by number": (lambda h, m: text.JiebaTokenizer(h, m, 1), TypeError, "JiebaMode"),
    "offsets by number": (lambda h, m: text.JiebaTokenizer(h, m, JiebaMode.MP, 1), TypeError, "'with_offsets'"),
    "no word": (lambda h, m: text.JiebaTokenizer(h, m).add_word(None), ValueError, "'word'"),
    "an empty word": (lambda h, m: text.JiebaTokenizer(h, m).add_word(""), ValueError, "'word'"),
    "a number for a word": (lambda h, m: text.JiebaTokenizer(h, m).add_word(1), TypeError, "'word'"),
    "a negative frequency": (lambda h, m: text.JiebaTokenizer(h, m).add_word("a", -1), ValueError, "'freq'"),
    "a float frequency": (lambda h, m: text.JiebaTokenizer(h, m).add_word("a", 1.5), TypeError, "'freq'"),
    "no such own file": (lambda h, m: text.JiebaTokenizer(h, m).add_dict(""), ValueError, "'user_dict'"),
    "a list of words": (lambda h, m: text.JiebaTokenizer(h, m).add_dict(["a"]), TypeError, "'user_dict'"),
    "two texts": (lambda h, m: text.JiebaTokenizer(h, m)("a", "b"), ValueError, "one column"),
}


@pytest.mark.parametrize("call, error, message", REFUSED.values(), ids=REFUSED.keys())
def test_refusals(files, call, error, message):
    with pytest.raises(error, match=message):
        call(*files)
