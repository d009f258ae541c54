"""What a model returns as the body of an answer, in the form that the caller asks for with Accept."""

import csv
import io
import json

from .plain import ResultNotSerializable, dumps, is_array, is_frame, is_image, plain

_IMAGES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}


def answer(result, accept):
    """Media type and body. A form that cannot be had is no error: the first one is given, as most servers do."""
    if isinstance(result, tuple) and len(result) == 2 and _is_bytes(result[0]) and isinstance(result[1], str):
        return result[1], bytes(result[0])
    if _is_bytes(result):
        return "application/octet-stream", bytes(result)
    if is_image(result):
        chosen = _choose(accept, list(_IMAGES))
        return chosen, _image(result, _IMAGES[chosen])
    forms = {"application/json": lambda: dumps(result)}
    if isinstance(result, str):
        forms["text/plain"] = forms["text/csv"] = lambda: str(result)
    elif is_frame(result):
        forms.update({"text/csv": lambda: result.to_csv(index=False), "application/jsonlines": lambda: _lines(result), "application/x-parquet": lambda: _parquet(result)})
    elif is_array(result):
        forms.update({"application/x-npy": lambda: _npy(result), "text/csv": lambda: _csv(result), "application/jsonlines": lambda: _lines(result)})
    elif isinstance(result, (list, tuple)):
        forms.update({"text/csv": lambda: _csv(result), "application/jsonlines": lambda: _lines(result)})
    chosen = _choose(accept, list(forms))
    return (f"{chosen}; charset=utf-8" if chosen.startswith("text/") else chosen), forms[chosen]()


def _is_bytes(value):
    return isinstance(value, (bytes, bytearray, memoryview))


def _choose(accept, offers):
    """The offer that the caller likes best; of equals, the first."""
    ranges = []
    for part in accept.lower().split(","):
        media, *parameters = [piece.strip() for piece in part.split(";")]
        quality = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "1")
        try:
            ranges.append((media, float(quality)))
        except ValueError:
            continue

    def liking(offer):
        # The range that says most decides.
        for name in (offer, f"{offer.split('/')[0]}/*", "*/*"):
            found = [quality for media, quality in ranges if media == name]
            if found:
                return found[0]
        return 0

    return max(offers, key=liking)


def _csv(result):
    rows = plain(result, "$")
    rows = [row if isinstance(row, list) else [row] for row in (rows if isinstance(rows, list) else [rows])]
    if any(isinstance(cell, (list, dict)) for row in rows for cell in row):
        raise ResultNotSerializable("the result is not a table, which text/csv needs; ask for application/json")
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([["" if cell is None else cell if isinstance(cell, str) else json.dumps(cell) for cell in row] for row in rows])
    return out.getvalue()


def _lines(result):
    return "".join(json.dumps(item, ensure_ascii=False, separators=(",", ":")) + "\n" for item in plain(result, "$"))


def _npy(array):
    import numpy

    out = io.BytesIO()
    numpy.save(out, array, allow_pickle=False)
    return out.getvalue()


def _parquet(frame):
    out = io.BytesIO()
    frame.to_parquet(out)
    return out.getvalue()


def _image(image, form):
    out = io.BytesIO()
    (image.convert("RGB") if form == "JPEG" else image).save(out, form)
    return out.getvalue()
