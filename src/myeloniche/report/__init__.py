"""Pictures, tables and the page that people read."""

from myeloniche.report.anchors import anchors_table
from myeloniche.report.bars import Bar, BarFrame, draw_bars
from myeloniche.report.blot import Annotation, BlotBlock, BlotGroup, BlotRow, draw_blots, film_strip
from myeloniche.report.curves import Frame, Line, draw_curves
from myeloniche.report.page import render_page, write_page
from myeloniche.report.sources import PageSources, Publication, page_sources
from myeloniche.report.table import findings_table, score_lines

__all__ = [
    "Annotation",
    "Bar",
    "BarFrame",
    "BlotBlock",
    "BlotGroup",
    "BlotRow",
    "Frame",
    "Line",
    "PageSources",
    "Publication",
    "anchors_table",
    "draw_bars",
    "draw_blots",
    "draw_curves",
    "film_strip",
    "findings_table",
    "page_sources",
    "render_page",
    "score_lines",
    "write_page",
]
