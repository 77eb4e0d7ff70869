"""Small ONNX files, written byte by byte: one operation between input and output.

Field numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

FLOAT, INT64, HALF = 1, 7, 10


def number(value):
    """Write a base-128 varint."""
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def field(key, value):
    """Write one field: a whole number, or text, bytes or a message."""
    if isinstance(value, int):
        return number(key << 3) + number(value)
    data = value.encode() if isinstance(value, str) else value
    return number(key << 3 | 2) + number(len(data)) + data


def tensor(name, shape, kind):
    """Declare an input or output; a side that is a str is open."""
    dims = b"".join(
        field(1, field(2 if isinstance(side, str) else 1, side)) for side in shape
    )
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, dims)))


def write_onnx(
    shape=(1, 3, "h", "w"),
    operation="Identity",
    *,
    kind=FLOAT,
    answered=FLOAT,
    inputs=1,
    rank=4,
    comment="",
    blocksize=0,
    beside="",
):
    """Write a network that applies an operation to its first input.

    Its second operand, of one value, lies in the file `beside`, where one is named.
    """
    names = [f"photo{n}" for n in range(inputs)]
    node = field(1, names[0]) + field(2, "alpha") + field(4, operation)
    if blocksize:
        node += field(5, field(1, "blocksize") + field(3, blocksize) + field(20, 2))
    graph = field(2, "g")
    if beside:
        node += field(1, "operand")
        where = field(13, field(1, "location") + field(2, beside)) + field(14, 1)
        graph += field(5, field(1, 1) + field(2, FLOAT) + field(8, "operand") + where)
    graph += field(1, node)
    graph += b"".join(field(11, tensor(name, shape, kind)) for name in names)
    if answered:
        graph += field(12, tensor("alpha", [f"o{n}" for n in range(rank)], answered))
    opset = field(1, "") + field(2, 13)
    return field(1, 8) + field(2, comment) + field(7, graph) + field(8, opset)
