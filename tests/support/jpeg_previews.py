"""JPEGs with previews, as cameras write them: of the multi-picture format and of EXIF."""

from __future__ import annotations

import struct

from image_forms import saved

VGA, FULL_HD, DISPARITY, UNDEFINED = 0x010001, 0x010002, 0x020002, 0


def with_mpf(image, *copies, cut=0, **options):
    """A JPEG with an index of multi-picture format, written out by its specification (CIPA DC-007), and previews."""
    main = saved(image, "JPEG", **options)
    length = 2 + 4 + 8 + 2 + 12 * 3 + 4 + 16 * (1 + len(copies))
    header = 2 + 2 + 2 + 4  # where the offsets count from: SOI, the marker, the length, "MPF\0"
    offset, entries = (
        len(main) + 2 + length - header,
        struct.pack(">LLLHH", 0x20030000, len(main) + 2 + length, 0, 0, 0),
    )
    for kind, data in copies:
        entries += struct.pack(">LLLHH", kind, len(data), offset, 0, 0)
        offset += len(data)
    fields = struct.pack(">HHL4s", 0xB000, 7, 4, b"0100") + struct.pack(">HHLL", 0xB001, 4, 1, 1 + len(copies))
    fields += struct.pack(">HHLL", 0xB002, 7, len(entries), 8 + 2 + 12 * 3 + 4)
    index = b"MM\0\x2a\0\0\0\x08" + struct.pack(">H", 3) + fields + bytes(4) + entries
    segment = b"\xff\xe2" + struct.pack(">H", length) + b"MPF\0" + index
    data = main[:2] + segment + main[2:] + b"".join(data for _, data in copies)
    return data[: len(data) - cut]


def exif_with_thumbnail(thumbnail, *, turn=None, thumbnail_turn=None, recorded=None):
    """EXIF with a first directory of the picture and a second one of its thumbnail (EXIF 2.3, 4.5)."""
    orientation = [] if turn is None else [struct.pack(">HHLHH", 0x0112, 3, 1, turn, 0)]
    pointer = [struct.pack(">HHLL", 0x8769, 4, 1, 200)]
    second = [] if thumbnail_turn is None else [struct.pack(">HHLHH", 0x0112, 3, 1, thumbnail_turn, 0)]
    second += [struct.pack(">HHLL", 0x0201, 4, 1, 300), struct.pack(">HHLL", 0x0202, 4, 1, len(thumbnail))]
    sides = [struct.pack(">HHLL", tag, 4, 1, side) for tag, side in zip((0xA002, 0xA003), recorded or (), strict=False)]

    def directory(fields, following):
        return struct.pack(">H", len(fields)) + b"".join(fields) + struct.pack(">L", following)

    data = (b"MM\0\x2a\0\0\0\x08" + directory([*orientation, *pointer], 100)).ljust(100, b"\0")
    data = (data + directory(second, 0)).ljust(200, b"\0")
    return b"Exif\0\0" + (data + directory(sides, 0)).ljust(300, b"\0") + thumbnail
