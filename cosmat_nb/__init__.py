"""Image matting on Tencent Cloud COS from a notebook.

A DataFrame of object keys goes in; cutouts, numbers about their mattes and pictures to
look at come out. Without an account an embedded emulator answers.

Examples
--------
>>> import cosmat_nb as cm
>>> client = cm.connect_emulator()  # doctest: +SKIP
>>> result = cm.matte_frame(cm.list_frame(client), client)  # doctest: +SKIP
>>> table = cm.measure_frame(result)  # doctest: +SKIP
"""

from __future__ import annotations

from cosmat_nb.batch.outcome import Outcome, Status
from cosmat_nb.batch.streaming import iter_matte
from cosmat_nb.client.asynchronous import AsyncMattingClient
from cosmat_nb.client.blocking import MattingClient
from cosmat_nb.client.checkup import Checkup
from cosmat_nb.client.clock import Clock
from cosmat_nb.client.link import Link
from cosmat_nb.client.recording import Recorder
from cosmat_nb.client.retry import Retry
from cosmat_nb.connect import connect, connect_cloud, connect_emulator
from cosmat_nb.cutout import Cutout
from cosmat_nb.dataset.cards.about import About
from cosmat_nb.dataset.compose.composing import compose
from cosmat_nb.dataset.compose.recipe import Recipe
from cosmat_nb.dataset.compose.scene import Scene
from cosmat_nb.dataset.compose.shadow import Shadow
from cosmat_nb.dataset.formats.coco import Coco
from cosmat_nb.dataset.formats.folder import Folder
from cosmat_nb.dataset.formats.parquet import Parquet
from cosmat_nb.dataset.formats.webdataset import WebDataset
from cosmat_nb.dataset.formats.yolo import Yolo
from cosmat_nb.dataset.item import Item
from cosmat_nb.dataset.loaders.handover import to_fiftyone, to_supervision
from cosmat_nb.dataset.loaders.hugging_face import to_datasets
from cosmat_nb.dataset.loaders.torchlike import ExampleSet
from cosmat_nb.dataset.pictures.rendering import Rendering
from cosmat_nb.dataset.reading import read_dataset
from cosmat_nb.dataset.splits.hashing import hash_frame
from cosmat_nb.dataset.splits.leaks import find_leaks
from cosmat_nb.dataset.splits.splitting import split_frame
from cosmat_nb.dataset.verifying import verify_dataset
from cosmat_nb.dataset.writing import write_dataset
from cosmat_nb.emulator.assumptions import Assumptions
from cosmat_nb.emulator.bucket import FolderBucket, MemoryBucket
from cosmat_nb.emulator.faults import Fault, Faults
from cosmat_nb.emulator.latency import Latency
from cosmat_nb.emulator.rate import Rate
from cosmat_nb.emulator.replay import Replay
from cosmat_nb.emulator.server import Emulator
from cosmat_nb.errors import (
    AccessDeniedError,
    BatchInterrupted,
    BudgetExceededError,
    CallError,
    CosmatError,
    CosmatWarning,
    ImageError,
    ImageRejectedError,
    InvalidRequestError,
    ObjectNotFoundError,
    OptionsError,
    PaymentRequiredError,
    ProtocolError,
    ResultMissingError,
    ServerError,
    ServiceError,
    ThrottledError,
    TransportError,
)
from cosmat_nb.frame.comparing import compare_runs
from cosmat_nb.frame.comparison import Comparison
from cosmat_nb.frame.listing import list_frame
from cosmat_nb.frame.matting import matte_frame
from cosmat_nb.frame.measuring import measure_frame
from cosmat_nb.frame.pilot import pilot_frame
from cosmat_nb.frame.plan import Plan
from cosmat_nb.frame.planning import plan_frame
from cosmat_nb.frame.problems import find_problems
from cosmat_nb.frame.progress import Watcher
from cosmat_nb.frame.retrying import retry_failed
from cosmat_nb.frame.reviewers import merge_reviews
from cosmat_nb.frame.rows import RESULT_COLUMNS
from cosmat_nb.frame.scoring import score_frame
from cosmat_nb.frame.stored import fetch_stored
from cosmat_nb.frame.summary import Summary, summarize_run
from cosmat_nb.frame.sweeping import sweep_options
from cosmat_nb.frame.verdicts import apply_verdicts, read_verdicts
from cosmat_nb.framing.fit import Fit, fit_canvas
from cosmat_nb.local import matte_image
from cosmat_nb.matting.engine import Engine, get_engine
from cosmat_nb.metrics.alignment import Offset, locate, place_back
from cosmat_nb.metrics.composite import BACKGROUNDS, ColorErrors, compare_colors
from cosmat_nb.metrics.errors import MatteErrors, compare_alpha
from cosmat_nb.metrics.findings import Finding, find_in_row
from cosmat_nb.metrics.judging import Severity
from cosmat_nb.metrics.matte import MatteMetrics
from cosmat_nb.metrics.measure import measure_alpha, measure_cutout
from cosmat_nb.metrics.thresholds import Thresholds
from cosmat_nb.metrics.trimap import unknown_band
from cosmat_nb.options import MattingOptions, Operation, Padding
from cosmat_nb.store.budget import Budget
from cosmat_nb.store.ledger import Ledger
from cosmat_nb.store.price import UNVERIFIED, Price
from cosmat_nb.store.store import Store
from cosmat_nb.view.before_after import BeforeAfter
from cosmat_nb.view.explorer.explorer import Explorer, explore
from cosmat_nb.view.gallery.gallery import Gallery, gallery
from cosmat_nb.view.grid.grid import Grid, grid
from cosmat_nb.view.plots.coverage import plot_coverage
from cosmat_nb.view.plots.distributions import plot_metrics
from cosmat_nb.view.plots.edges import plot_edges
from cosmat_nb.view.plots.grid import plot_grid
from cosmat_nb.view.plots.matte import plot_matte
from cosmat_nb.view.plots.mean_matte import plot_mean_matte
from cosmat_nb.view.problems import ProblemReport, report_problems
from cosmat_nb.view.report import write_report
from cosmat_nb.view.review.review import Review, review
from cosmat_nb.view.sweep.preview import SweepPreview, preview_sweep
from cosmat_nb.view.sweep.sweep import plot_sweep
from cosmat_nb.wire.address import Address
from cosmat_nb.wire.credentials import Credentials
from cosmat_nb.wire.deletion import DeleteResult
from cosmat_nb.wire.documents import Listing, ObjectInfo
from cosmat_nb.wire.limits import Limits
from cosmat_nb.wire.picture import PictureInfo
from cosmat_nb.wire.policy import Policy
from cosmat_nb.wire.results import StoredPicture, UploadResult

__all__ = [
    "BACKGROUNDS",
    "RESULT_COLUMNS",
    "UNVERIFIED",
    "About",
    "AccessDeniedError",
    "Address",
    "Assumptions",
    "AsyncMattingClient",
    "BatchInterrupted",
    "BeforeAfter",
    "Budget",
    "BudgetExceededError",
    "CallError",
    "Checkup",
    "Clock",
    "Coco",
    "ColorErrors",
    "Comparison",
    "CosmatError",
    "CosmatWarning",
    "Credentials",
    "Cutout",
    "DeleteResult",
    "Emulator",
    "Engine",
    "ExampleSet",
    "Explorer",
    "Fault",
    "Faults",
    "Finding",
    "Fit",
    "Folder",
    "FolderBucket",
    "Gallery",
    "Grid",
    "ImageError",
    "ImageRejectedError",
    "InvalidRequestError",
    "Item",
    "Latency",
    "Ledger",
    "Limits",
    "Link",
    "Listing",
    "MatteErrors",
    "MatteMetrics",
    "MattingClient",
    "MattingOptions",
    "MemoryBucket",
    "ObjectInfo",
    "ObjectNotFoundError",
    "Offset",
    "Operation",
    "OptionsError",
    "Outcome",
    "Padding",
    "Parquet",
    "PaymentRequiredError",
    "PictureInfo",
    "Plan",
    "Policy",
    "Price",
    "ProblemReport",
    "ProtocolError",
    "Rate",
    "Recipe",
    "Recorder",
    "Rendering",
    "Replay",
    "ResultMissingError",
    "Retry",
    "Review",
    "Scene",
    "ServerError",
    "ServiceError",
    "Severity",
    "Shadow",
    "Status",
    "Store",
    "StoredPicture",
    "Summary",
    "SweepPreview",
    "Thresholds",
    "ThrottledError",
    "TransportError",
    "UploadResult",
    "Watcher",
    "WebDataset",
    "Yolo",
    "apply_verdicts",
    "compare_alpha",
    "compare_colors",
    "compare_runs",
    "compose",
    "connect",
    "connect_cloud",
    "connect_emulator",
    "explore",
    "fetch_stored",
    "find_in_row",
    "find_leaks",
    "find_problems",
    "fit_canvas",
    "gallery",
    "get_engine",
    "grid",
    "hash_frame",
    "iter_matte",
    "list_frame",
    "locate",
    "matte_frame",
    "matte_image",
    "measure_alpha",
    "measure_cutout",
    "measure_frame",
    "merge_reviews",
    "pilot_frame",
    "place_back",
    "plan_frame",
    "plot_coverage",
    "plot_edges",
    "plot_grid",
    "plot_matte",
    "plot_mean_matte",
    "plot_metrics",
    "plot_sweep",
    "preview_sweep",
    "read_dataset",
    "read_verdicts",
    "report_problems",
    "retry_failed",
    "review",
    "score_frame",
    "split_frame",
    "summarize_run",
    "sweep_options",
    "to_datasets",
    "to_fiftyone",
    "to_supervision",
    "unknown_band",
    "verify_dataset",
    "write_dataset",
    "write_report",
]
__version__ = "0.1.0"
