"""Where the comparing is done: DuckDB inside this process, or Spark for more than a machine holds.

Names must not outlive the linkage: DuckDB runs in memory, has no folder for temporary files, no
access to any file, and a limit of memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from estimation.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

#: Memory that DuckDB may take unless another limit is stated, GiB.
MEMORY = 8.0


class Backend(Protocol):
    """What the linkage asks of a place where records are compared."""

    name: str

    def register(self, table: pa.Table, name: str) -> Any:
        """Return a table as Splink takes it."""
        ...

    def rows(self, table: Any, start: tuple[str, ...]) -> pa.Table:
        """Return the columns of a table of Splink that begin so."""
        ...

    def close(self) -> None:
        """Forget all records."""
        ...


class DuckDB:
    """Embedded DuckDB.

    Parameters
    ----------
    memory : float
        GiB that it may take.
    cores : int, optional
        Threads; all by default.
    """

    name = "duckdb"

    def __init__(self, memory: float = MEMORY, cores: int | None = None) -> None:
        import duckdb
        from splink.backends.duckdb import DuckDBAPI

        settings: dict[str, Any] = {
            "memory_limit": f"{memory:.3f}GiB", "temp_directory": "",
            "max_temp_directory_size": "0KiB", "preserve_insertion_order": "false",
            "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
        }  # fmt: skip
        if cores is not None:
            settings["threads"] = cores
        self._connection = duckdb.connect(":memory:", config=settings)
        self._connection.execute("set enable_progress_bar = false")
        self._connection.execute("set enable_external_access = false")
        self._api = DuckDBAPI(self._connection)

    def register(self, table: pa.Table, name: str) -> Any:
        """Return a table as Splink takes it."""
        return self._api.register(table, dataset_display_name=name)

    def rows(self, table: Any, start: tuple[str, ...]) -> pa.Table:
        """Return the columns of a table of Splink that begin so."""
        relation = table.as_duckdbpyrelation()
        names = [name for name in relation.columns if name.startswith(start)]
        return relation.select(*names).to_arrow_table()

    def close(self) -> None:
        """Forget all records."""
        self._connection.close()


class Spark:
    """A Spark session, local or of a cluster.

    Parameters
    ----------
    session : SparkSession, optional
        A running one, with Splink's jar; by default a local one is started.
    memory : float
        GiB of a local session.
    """

    name = "spark"

    def __init__(self, session: Any = None, memory: float = MEMORY) -> None:
        from splink.backends.spark import SparkAPI

        self._own = session is None
        self._session = _local_session(memory) if session is None else session
        # kept in memory: the other ways write tables with names to disk
        self._api = SparkAPI(spark_session=self._session, break_lineage_method="persist")

    def register(self, table: pa.Table, name: str) -> Any:
        """Return a table as Splink takes it."""
        frame = self._session.createDataFrame(table)
        return self._api.register(frame, dataset_display_name=name)

    def rows(self, table: Any, start: tuple[str, ...]) -> pa.Table:
        """Return the columns of a table of Splink that begin so."""
        frame = table.as_spark_dataframe()
        names = [name for name in frame.columns if name.startswith(start)]
        return frame.select(*names).toArrow()

    def close(self) -> None:
        """Forget all records."""
        if self._own:
            self._session.stop()


def _local_session(memory: float) -> Any:
    from pyspark.sql import SparkSession
    from splink.backends.spark import similarity_jar_location

    return (
        SparkSession.builder.master("local[*]")
        .config("spark.jars", similarity_jar_location())
        .config("spark.driver.memory", f"{max(round(memory), 1)}g")
        .config("spark.log.level", "OFF")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.io.encryption.enabled", "true")  # what it shuffles and spills
        .config("spark.sql.shuffle.partitions", "8")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )


def backend(name: str, *, memory: float = MEMORY, cores: int | None = None) -> Backend:
    """Return the place where records are compared.

    Parameters
    ----------
    name : {"duckdb", "spark"}
    memory : float
        GiB that DuckDB may take.
    cores : int, optional

    Raises
    ------
    UsageError
        If its packages are not installed, or the name is not known.
    """
    try:
        if name == "duckdb":
            return DuckDB(memory, cores)
        if name == "spark":
            return Spark(memory=memory)
    except ImportError as error:
        extra = "link" if name == "duckdb" else "spark"
        raise UsageError(
            f"needs the package {error.name}", where="link", why="records are compared by it",
            remedy=f"install undercount[{extra}]",
        ) from None  # fmt: skip
    raise UsageError(f"no backend {name!r}", where="backend", remedy="duckdb or spark")
