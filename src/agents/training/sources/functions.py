"""C and C++, cut into functions by tree-sitter's grammars.

Pure. Owns which parts of a syntax tree are functions, and their names. Preprocesses nothing: what a macro hides is not
found. The grammars are an extra, imported when a text is first cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Literal

from agents.campaign.errors import UsageError
from agents.training.sources.cut import Cut

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Point, Tree

Language = Literal["C", "C++"]

LONGEST_SCOPE = 120
"""Characters of the namespaces and classes in a function's name."""
_CHUNK = 65_536
_STEPS_PER_BYTE = 0.06
"""What the parser may report of its work; on real code it is below 0.02, on hostile text it has no bound."""
_FEWEST_STEPS = 1_000

_SCOPES = {"namespace_definition", "class_specifier", "struct_specifier", "union_specifier"}
_AROUND = {
    *("translation_unit", "ERROR", "declaration_list", "linkage_specification", "field_declaration_list"),
    *("declaration", "field_declaration", "friend_declaration", "type_definition", "template_declaration"),
    *("preproc_if", "preproc_ifdef", "preproc_elif", "preproc_elifdef", "preproc_else"),
}
"""What may have functions in it, besides scopes; functions inside of functions stay there."""
_EMPTY = {"default_method_clause", "delete_method_clause"}
"""What stands for the body of a function that the compiler writes, or refuses to."""
_DECLARATORS = {
    *("function_declarator", "pointer_declarator", "reference_declarator", "parenthesized_declarator"),
    *("attributed_declarator", "array_declarator", "init_declarator"),
}


def split(text: str, language: Language = "C++") -> list[Cut]:
    """Return the functions and methods that ``text`` defines, each with the comment directly above it.

    Methods are named as in ``Sprite::draw``. A text that the parser cannot take in reasonable time is one cut.

    Raises:
        UsageError: the grammars are not installed.
    """
    source = text.encode(errors="replace")
    tree = _parsed(_parser(language), source)
    if tree is None:
        return [Cut("", text)]
    return [
        Cut(name, source[start:end].decode(errors="replace")) for start, end, name in _functions(tree.root_node, source)
    ]


@cache
def _parser(language: Language) -> Parser:
    try:
        import tree_sitter  # noqa: PLC0415 -- an extra
        import tree_sitter_c  # noqa: PLC0415
        import tree_sitter_cpp  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            f"C and C++ cannot be cut into functions: {error.name} is not installed",
            ".venv/bin/pip install -e '.[code]', or cut these files as kind: text",
        ) from error
    grammar = tree_sitter_c if language == "C" else tree_sitter_cpp
    return tree_sitter.Parser(tree_sitter.Language(grammar.language()))


def _parsed(parser: Parser, source: bytes) -> Tree | None:
    """Return the syntax tree of ``source``; None where parsing takes too many steps for its length."""
    left = _FEWEST_STEPS + int(len(source) * _STEPS_PER_BYTE)

    def read(offset: int, _: Point) -> bytes:
        return source[offset : offset + _CHUNK]

    def is_tired(_offset: int, _has_error: bool) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    try:
        return parser.parse(read, progress_callback=is_tired)
    except ValueError:  # how the parser says that it was told to stop
        parser.reset()
        return None


def _functions(root: Node, source: bytes) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and name of the functions below ``root``, in the order of the text."""
    waiting = [(root, "", root.start_byte)]
    while waiting:
        node, scope, start = waiting.pop()
        if node.type == "function_definition":
            if not _EMPTY & {child.type for child in node.named_children}:
                yield _line_start(source, start), node.end_byte, scope + _name(node)
            continue
        if node.type in _SCOPES:
            scope = _inside(scope, node)
        elif node.type not in _AROUND:
            continue
        inner = list(_with_comments(node, source))
        if node.type == "template_declaration":
            inner = [(child, start) for child, _ in inner]
        waiting.extend((child, scope, at) for child, at in reversed(inner))


def _with_comments(node: Node, source: bytes) -> Iterator[tuple[Node, int]]:
    """Yield the children of ``node`` that are no comments, and where each starts with the comment directly above it."""
    start, row = None, 0
    for child in node.named_children:
        if child.type != "comment":
            yield child, start if start is not None and child.start_point.row == row + 1 else child.start_byte
            start = None
            continue
        if not _is_first(source, child.start_byte):
            start = None
        elif start is None or child.start_point.row != row + 1:
            start = child.start_byte
        row = child.end_point.row


def _is_first(source: bytes, at: int) -> bool:
    """Tell whether nothing but spaces precedes ``at`` in its line."""
    return _line_start(source, at) != at or at == 0 or source[at - 1 : at] == b"\n"


def _line_start(source: bytes, at: int) -> int:
    """Return where the line of ``at`` starts, ``at`` itself where something precedes it there."""
    start = at
    while start > 0 and source[start - 1] in b" \t":
        start -= 1
    return start if start == 0 or source[start - 1 : start] == b"\n" else at


def _inside(scope: str, node: Node) -> str:
    name = node.child_by_field_name("name")
    words = _text(name) if name is not None else ""
    return f"{scope}{words}::" if words and len(scope) + len(words) <= LONGEST_SCOPE else scope


def _name(function: Node) -> str:
    """Return the name that ``function`` declares, as it is written, with what qualifies it."""
    node = function.child_by_field_name("declarator")
    while node is not None and node.type in _DECLARATORS:
        inner = node.child_by_field_name("declarator")
        node = inner if inner is not None or not node.named_children else node.named_children[-1]
    if node is None:
        return ""
    name = _text(node)
    return name.partition("(")[0].rstrip() if node.type == "operator_cast" else name


def _text(node: Node) -> str:
    return " ".join((node.text or b"").decode(errors="replace").split())
