"""The run lengths of BMP, unpacked a run at a time: Pillow adds pixel by pixel."""

from __future__ import annotations

from mobilenet_cli.errors import ImageError

_END_OF_LINE, _END, _DELTA = 0, 1, 2


def unpacked(data: bytes, width: int, height: int, *, halves: bool) -> bytearray:
    """Return the pixels, one byte each, row by row as they are stored; those that no run names are 0.

    Args:
        data: BI_RLE8's bytes, or with `halves` BI_RLE4's, whose pixels have four bits.
        width: Of the picture in pixels.
        height: Of the picture in pixels.
        halves: Whether it is BI_RLE4.

    Raises:
        ImageError: They end before the picture does.
    """
    out = bytearray(width * height)
    place = x = y = 0
    length = len(data)
    while y < height:
        if place + 2 > length:
            if y == height - 1 and x >= width:
                break
            raise ImageError(f"the image is truncated ({y:,} of {height:,} rows are there)")
        count, value = data[place], data[place + 1]
        place += 2
        if count:
            there = min(count, width - x)
            if there > 0:
                start = y * width + x
                pair = bytes((value >> 4, value & 15)) if halves else bytes((value, value))
                out[start : start + there] = (pair * ((there + 1) // 2))[:there]
                x += there
        elif value == _END_OF_LINE:
            x, y = 0, y + 1
        elif value == _END:
            break
        elif value == _DELTA:
            x, y = x + (data[place] if place < length else 0), y + (data[place + 1] if place + 1 < length else 0)
            place += 2
        else:
            used = (value + 1) // 2 if halves else value
            literal = data[place : place + used]
            if halves:
                literal = bytes(part for byte in literal for part in (byte >> 4, byte & 15))
            there = max(0, min(value, width - x, len(literal)))
            start = y * width + x
            out[start : start + there] = literal[:there]
            x += value
            place += used + used % 2
    return out
