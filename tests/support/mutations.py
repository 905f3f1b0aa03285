"""Files with damage: bits flipped, numbers made huge, words and parts replaced, the end cut off."""

from __future__ import annotations

import random


def mutated(content: bytes, seed: int) -> bytes:
    """Return other bytes than `content`, the same for each seed."""
    random_ = random.Random(seed)
    made = bytearray(content)
    kind = seed % 5
    if kind == 0:  # bits anywhere
        for _ in range(random_.randint(1, 50)):
            made[random_.randrange(len(made))] ^= 1 << random_.randrange(8)
    elif kind == 1:  # offsets and lengths, most of which are at the start and the end
        for _ in range(random_.randint(1, 8)):
            place = random_.randrange(0, min(400, len(made) - 4)) * random_.choice((1, -1))
            value = random_.choice((0, 1, 0x7F, 0xFF, 0x7FFFFFFF, 0xFFFFFFFF, random_.getrandbits(32)))
            place %= len(made) - 4
            made[place : place + 4] = value.to_bytes(4, "little")
    elif kind == 2:  # words anywhere
        for _ in range(random_.randint(1, 20)):
            place = random_.randrange(0, len(made) // 4) * 4
            made[place : place + 4] = random_.getrandbits(32).to_bytes(4, "little")[: len(made) - place]
    elif kind == 3:
        del made[random_.randrange(1, len(made)) :]
    else:
        start = random_.randrange(len(made))
        part = made[start : start + random_.randint(1, 200)]
        made[start : start + len(part)] = random_.randbytes(len(part))
    return bytes(made) if bytes(made) != content else content[:-1]
