"""Files that are not what they should be."""

import functools
import io as streams
import json
import pickle
import zipfile

import pytest

from skl_tot.io import load_model, read_segments, save_model

pytestmark = pytest.mark.usefixtures("_in_a_folder")


class Payload:
    """Makes a file when it is unpickled."""

    def __reduce__(self):
        return (exec, ("open('ran', 'w')",))


NOISE = bytes((i * 167 + 13) % 256 for i in range(3000))
DEEP = b"[" * 100_000
GENERAL = {
    "empty": b"",
    "noise": NOISE,
    "null bytes": bytes(100),
    "high bytes": b"\xff\xfe\xfd",
    "utf-16": "0 a\n1 b\n".encode("utf-16"),
    "line ends": b"\r\n\r\n\r\n",
    "blanks": b"   \t \n ",
    "pickle": pickle.dumps(Payload()),
    "zip": b"PK\x05\x06" + bytes(18),
    "deep": DEEP,
    "long line": b"a" * 300_000,
    "surrogate": b"\xed\xa0\x80",
    "html": b"<html><script>alert(1)</script></html>",
}


BYTES = {k: GENERAL[k] for k in ("empty", "noise", "high bytes", "utf-16")}
DIGITS = b"9" * 5000
CSV = {
    "digits": b"action,start,end\na,0," + DIGITS + b"\n",
    "null": b"action,start,end\na\0,0,1\n",
    "open quote": b'action,start,end\n"' + b"a" * 200_000 + b'",0,1\n',
    "no number": b"action,start,end,confidence\na,0,1,inf\n",
}
JSON = {
    "deep objects": b'{"a":' * 50_000,
    "deep lists": b"[" * 50_000 + b"]" * 50_000,
    "surrogate in text": b'[{"action": "\\ud800", "start": 0}]',
    "digits": b'[{"action": "a", "start": 0, "end": ' + DIGITS + b"}]",
    "NaN": b'[{"action": "a", "start": 0, "end": NaN}]',
}


read_tasks = functools.partial(read_segments, format="labelstudio")
READERS = {
    "csv": (GENERAL | CSV, "v.csv", read_segments),
    "json": (GENERAL | JSON, "v.json", read_segments),
    "tasks": (GENERAL | JSON, "v.json", read_tasks),
    "nwb": (GENERAL, "v.nwb", read_segments),
    "labels": (BYTES | {"null": b"a\0\n\x1b\n"}, "v.txt", read_segments),
    "model": (GENERAL, "m.skops", load_model),
}


@pytest.fixture(autouse=True)
def _runs_no_code(tmp_path, _in_a_folder):
    yield
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("kind", READERS)
def test_readers(attack, tmp_path, kind):
    contents, name, read = READERS[kind]
    outcomes = {}
    for label, content in contents.items():
        (tmp_path / name).write_bytes(content)
        outcomes[kind, label] = attack(read, tmp_path / name, naming=name)
    assert not any(outcomes.values()), outcomes


def test_models(attack, tot, tmp_path):
    path = tmp_path / "m.skops"
    save_model(tot, path)
    whole = path.read_bytes()
    call = {"__class__": "exec", "__module__": "builtins", "__loader__": "FunctionNode"}
    contents = {
        "no schema": archive(a="b"),
        "schema of noise": archive(schema_json=NOISE),
        "schema of a list": archive(schema_json="[]"),
        "call": archive(schema_json=json.dumps(call)),
        "bomb": archive(schema_json=b"[" + b" " * (2**26 + 5) + b"]"),
    }
    for i in range(0, len(whole), len(whole) // 25):
        contents[f"cut at {i}"] = whole[:i]
        contents[f"changed at {i}"] = whole[:i] + b"\xff\x00\xff" + whole[i + 3 :]
    outcomes = {}
    for label, content in contents.items():
        path.write_bytes(content)
        outcomes["model", label] = attack(load_model, path, naming="m.skops")
    assert not any(outcomes.values()), outcomes


def archive(**parts):
    file = streams.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name.replace("_json", ".json"), content)
    return file.getvalue()
