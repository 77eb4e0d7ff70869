"""Parquet shards: pictures and columns in one table."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any, ClassVar

from cosmat_nb.dataset.formats.row import OWN, PICTURES, check_shard_size
from cosmat_nb.dataset.formats.schema import build_schema, fit_value
from cosmat_nb.dataset.formats.spool import lay_down, take_up
from cosmat_nb.dataset.loaders.optional import import_optional
from cosmat_nb.dataset.pictures.encoding import decode_alpha
from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    import numpy as np
    from numpy.typing import NDArray

    from cosmat_nb.dataset.example import Example
    from cosmat_nb.dataset.files import Files
    from cosmat_nb.dataset.formats.spool import Laid
    from cosmat_nb.dataset.manifest import Record

__all__ = ["Parquet"]

_ROWS = 16  # of a row group: what has to be read for one example
_BYTES = 1 << 25  # a row group with as many is closed before it has all its rows
_IN_MEMORY = 1 << 25  # bytes of a shard in the making; more wait in a nameless file

# Pictures are compressed already, and their least and greatest value tell nothing.
_SETTINGS = MappingProxyType(
    {
        "version": "2.6",
        "data_page_version": "1.0",
        "compression": "none",
        "use_dictionary": False,
        "write_statistics": list(OWN),
    }
)


@dataclass(frozen=True, slots=True)
class Parquet:
    """Parquet files with the pictures in them; needs pyarrow.

    ``data/<split>-<number>.parquet`` has the columns ``image``, ``alpha`` and ``mask``,
    each ``struct<bytes, path>`` as `datasets` stores images (which it shows them as),
    name, key, category, height and width, px, and the user's columns. All shards have
    the same types: what a column holds anywhere decides. Whole numbers beside
    fractions become float64; mappings, and values that have no type in common,
    become text, those that are none as JSON.

    Parameters
    ----------
    shard_size : int, default 256
        Most examples in a shard, 2 or more. An interrupted export makes the shards that
        it had begun anew.

    Raises
    ------
    OptionsError
        When `shard_size` is not a whole number above 1, or pyarrow is not installed.

    Notes
    -----
    Equal examples make equal bytes with one version of pyarrow. Another version may
    write other bytes of the same table; the file names the version that wrote it.

    Examples
    --------
    >>> Parquet(shard_size=1000).settings()
    {'shard_size': 1000}
    """

    shard_size: int = 256
    name: ClassVar[str] = "parquet"

    def __post_init__(self) -> None:
        object.__setattr__(self, "shard_size", check_shard_size(self.shard_size))
        _import_parquet()

    @property
    def unit_size(self) -> int:
        """Most examples in a shard."""
        return self.shard_size

    def settings(self) -> Mapping[str, Any]:
        """Return what the manifest's head tells of it."""
        return {"shard_size": self.shard_size}

    def write_unit(
        self, examples: Iterable[Example], unit: str, files: Files
    ) -> list[Record]:
        """Write ``data/<unit>.parquet``; none where there is no example.

        A record's labels hold where its row is: row group, and row within it.

        Raises
        ------
        OSError
            When the shard cannot be written.
        """
        path = f"data/{unit}.parquet"
        files.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(files.folder)) as spool:
            laid = [lay_down(example, spool) for example in examples]
            if not laid:
                return []
            spool.seek(0)
            groups = list(_group(laid))
            with files.stream(path) as file:
                _write(groups, spool, file)
        return [
            {"files": {"shard": path}, "labels": {"row_group": number, "row": row}}
            for number, group in enumerate(groups)
            for row in range(len(group))
        ]

    def finish(self, records: Sequence[Record], files: Files) -> None:
        """Write shards anew whose columns have other types than those of all examples.

        Raises
        ------
        OSError
            When a shard cannot be read or written.
        """
        parquet = _import_parquet()
        schema = build_schema([_columns(record) for record in records])
        shards: dict[str, dict[tuple[int, int], Record]] = {}
        for record in records:
            place = (record["labels"]["row_group"], record["labels"]["row"])
            shards.setdefault(record["files"]["shard"], {})[place] = record
        for path, rows in shards.items():
            if parquet.read_schema(files.folder / path) != schema:
                _retype(path, rows, schema, files)

    def read_image(self, record: Record, folder: Path) -> bytes:
        """Return the picture's file of an example.

        Raises
        ------
        OSError
            When the shard is not there.
        OptionsError
            When it is damaged.
        """
        return _read("image", record, folder)

    def read_alpha(self, record: Record, folder: Path) -> bytes:
        """Return the alpha matte's PNG of an example; raises as `read_image`."""
        return _read("alpha", record, folder)

    def read_mask(self, record: Record, folder: Path) -> NDArray[np.bool_]:
        """Return the hard mask, (H, W) bool; raises as `read_image`."""
        return decode_alpha(_read("mask", record, folder)) > 0


def _import_parquet() -> Any:
    return import_optional("pyarrow.parquet", "the Parquet format")


def _columns(record: Record) -> Mapping[str, Any]:
    columns: Mapping[str, Any] = record.get("columns") or {}
    return columns


def _group(laid: Iterable[Laid]) -> Iterator[list[Laid]]:
    group: list[Laid] = []
    nbytes = 0
    for example in laid:
        group.append(example)
        nbytes += sum(example.sizes)
        if len(group) == _ROWS or nbytes >= _BYTES:
            yield group
            group, nbytes = [], 0
    if group:
        yield group


def _write(groups: Sequence[Sequence[Laid]], spool: IO[bytes], file: BinaryIO) -> None:
    pyarrow = import_optional("pyarrow", "the Parquet format")
    schema = build_schema([laid.columns for group in groups for laid in group])
    with _import_parquet().ParquetWriter(file, schema, **_SETTINGS) as writer:
        for group in groups:
            cells = [
                {**_fit(laid.row, schema), **take_up(laid, spool)} for laid in group
            ]
            writer.write_table(pyarrow.Table.from_pylist(cells, schema=schema))


def _fit(row: Mapping[str, Any], schema: Any) -> dict[str, Any]:
    return {name: fit_value(row[name], schema.field(name).type) for name in row}


def _retype(
    path: str, rows: Mapping[tuple[int, int], Record], schema: Any, files: Files
) -> None:
    parquet = _import_parquet()
    with (
        files.stream(path) as file,
        parquet.ParquetFile(files.folder / path) as old,
        parquet.ParquetWriter(file, schema, **_SETTINGS) as writer,
    ):
        for number in range(old.num_row_groups):
            table = old.read_row_group(number, use_threads=False)
            columns = [
                _columns(rows.get((number, row), {})) for row in range(table.num_rows)
            ]
            writer.write_table(_with_columns(table, columns, schema))


def _with_columns(table: Any, columns: Sequence[Mapping[str, Any]], schema: Any) -> Any:
    pyarrow = import_optional("pyarrow", "the Parquet format")
    own = [table[name] for name in (*PICTURES, *OWN)]
    users = [
        pyarrow.array([fit_value(row.get(f.name), f.type) for row in columns], f.type)
        for f in list(schema)[len(own) :]
    ]
    return pyarrow.Table.from_arrays([*own, *users], schema=schema)


def _read(column: str, record: Record, folder: Path) -> bytes:
    pyarrow = import_optional("pyarrow", "the Parquet format")
    path: str = record["files"]["shard"]
    try:
        return _read_cell(column, record["labels"], folder / path)
    except (pyarrow.ArrowException, LookupError) as error:
        raise OptionsError(
            f"{path} is not what was written: verify_dataset(folder) names what "
            f"changed: {error!s:.200}"
        ) from None


def _read_cell(column: str, place: Mapping[str, int], path: Path) -> bytes:
    # Arrow's threads do not live on in a forked worker of a data loader.
    with _import_parquet().ParquetFile(path) as file:
        table = file.read_row_group(
            place["row_group"], columns=[f"{column}.bytes"], use_threads=False
        )
    data: bytes = table[column][place["row"]].as_py()["bytes"]
    return data
