"""The client's methods as its documentation shows them: made of functions, they have those functions' arguments.

`augment = make_method(operations.augment)` is an attribute to who only reads the code. This extension of griffe puts
the method in its place, which returns the answer that the function's call would bring.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

MADE = re.compile(r"_?make_(?P<async>async_)?(?P<stream>stream_)?method\((?P<function>[\w.]+)\)")
ANSWER = re.compile(r"Call\[(.*)\]")


class MadeMethods(griffe.Extension):
    """Replaces the attributes of every class of a package that `make_method` and its like made."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Replace them, once the whole package is read."""
        for module in pkg.modules.values():
            functions = module.functions  # as they are before a class takes their names
            for owner in module.classes.values():
                if not owner.is_alias:
                    _replace_attributes(owner, functions, pkg)


def _replace_attributes(owner: griffe.Class, functions: dict[str, griffe.Function], package: griffe.Module) -> None:
    for name, attribute in list(owner.attributes.items()):
        if found := MADE.fullmatch(str(attribute.value)):
            asked = found["function"]
            function = functions[asked] if asked in functions else package[asked]
            owner.set_member(name, _make_method(name, function, found))


def _make_method(name: str, function: griffe.Function, made: re.Match[str]) -> griffe.Function:
    answer = ANSWER.sub(r"\1", str(function.returns))
    own = griffe.Parameter("self", kind=griffe.ParameterKind.positional_only)
    text = "" if function.docstring is None else list_arguments(function.docstring.value, function.parameters)
    method = griffe.Function(
        name,
        parameters=griffe.Parameters(own, *function.parameters),
        returns=f"{'Async' if made['async'] else ''}Generator[{answer}]" if made["stream"] else answer,
        docstring=griffe.Docstring(text),
    )
    method.labels |= {"async"} if made["async"] and not made["stream"] else set()
    return method


def list_arguments(docstring: str, parameters: griffe.Parameters) -> str:
    """Return a docstring whose lines `name: meaning` are a list, as the lines of a page they would run together."""
    names = "|".join(re.escape(one.name) for one in parameters)
    listed = re.sub(rf"^({names}): ", r"- `\1`: ", docstring, flags=re.MULTILINE) if names else docstring
    return listed.replace("[", "\\[")
