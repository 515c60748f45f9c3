"""Starter recipes: a commented one for each kind of data that people come with, to be edited and tried.

Owns their texts, and that a file which is there stays as it is. Never reads anybody's data and asks nobody.
"""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path

from agents.campaign.errors import CampaignError, UsageError
from agents.campaign.files import replace_file


class StarterKind(StrEnum):
    """What a person comes with."""

    NOTES = "notes"
    CODE = "code"
    ROWS = "rows"
    ASM = "asm"
    HUB = "hub"

    @property
    def what(self) -> str:
        """The data in words."""
        return _WHAT[self]


_WHAT = {
    StarterKind.NOTES: "Markdown notes",
    StarterKind.CODE: "source code in C, C++ or assembly",
    StarterKind.ROWS: "rows of JSONL, CSV or Parquet files",
    StarterKind.ASM: "the built-in 65816 assembly tasks, answered by a model",
    StarterKind.HUB: "a dataset of the Hugging Face hub",
}

_OWN_DATA_EDITS = (
    "sources: where your texts are, and their licence",
    "prompt: what the model is asked about each of them",
    "models: which one, where it is, what it costs",
)
_ASM_EDITS = (
    "models: which one, where it is, what it costs",
    "guards.max_cost: the most that one run may spend",
    "campaign.target: how many samples you want",
)

_NOTES = """\
name: notes

domains:
  notes:
    weight: 1.0                      # its share of the samples; the weights of all domains sum to 1
    sources:
      - files: ["notes/**/*.md"]     # EDIT: patterns, from this file's folder on
        kind: markdown               # one item for each section
        licence: own                 # EDIT: own is what you wrote yourself; else an SPDX name, e.g. CC-BY-4.0
        provenance: my notes         # where they come from, for those who use the samples
    samples_per_item: 2              # samples made from one section
    prompt:                          # EDIT: Jinja2 templates; an item has text, name, group, take, licence
      system: You write training samples for a language model. You use nothing but the text that you are given.
      user:                          # of several phrasings, one is drawn for each sample
        - |
          Write one question that a reader of this text could ask, and a full answer that the text supports.
          Answer with a JSON object that has "instruction" and "output". This is sample number {{ take }} of this text.

          {{ text }}
        - |
          Turn this text into a task for a student and its worked solution, as a JSON object with "instruction" (the
          task) and "output" (the solution). Take another point of the text for sample {{ take }} than for the others.

          {{ text }}
"""

_CODE = """\
name: code

domains:
  code:
    weight: 1.0                      # its share of the samples; the weights of all domains sum to 1
    sources:
      - files: ["src/**/*.c"]        # EDIT: patterns, from this file's folder on; of assembly, "src/**/*.asm"
        kind: auto                   # by the ending: functions of C and C++, routines of assembly
        licence: own                 # EDIT: own is what you wrote yourself; else an SPDX name, e.g. MIT
        provenance: my program       # where it comes from, for those who use the samples
    prompt:                          # EDIT: Jinja2 templates; an item has text, name, group, take, licence
      system: You are an experienced programmer who explains code to a colleague, precisely and briefly.
      user:                          # of several phrasings, one is drawn for each sample
        - |
          Write one question about this code whose answer needs it to be understood, and the answer.
          Answer with a JSON object that has "instruction" and "output".

          {{ text }}
        - |
          Explain what this code does, step by step, and where it could fail. Answer with a JSON object: "instruction"
          is a request for this explanation in your own words, "output" is the explanation.

          {{ text }}
"""

_ROWS_DOMAIN = """\
    prompt:                          # EDIT: Jinja2 templates; an item has text, name, group, and its row's columns
      system: You write training samples for a language model. You use nothing but the text that you are given.
      user:                          # of several phrasings, one is drawn for each sample
        - |
          Write one question that this text answers, and the answer.
          Answer with a JSON object that has "instruction" and "output".

          {{ text }}
        - |
          Turn this text into a task for a student and its worked solution, as a JSON object with "instruction" (the
          task) and "output" (the solution).

          {{ text }}
"""

_ROWS = (
    """\
name: rows

domains:
  rows:
    weight: 1.0                      # its share of the samples; the weights of all domains sum to 1
    sources:
      - files: ["data/*.jsonl"]      # EDIT: patterns, from this file's folder on; also "data/*.csv"
        kind: auto                   # by the ending: jsonl, csv or parquet
        column: text                 # EDIT: the column that has the text
        # group: author              # rows with the same value here belong together; every sample names its group
        licence: own                 # EDIT: own is what you wrote yourself; else an SPDX name, e.g. CC-BY-4.0
        provenance: my table         # where they come from, for those who use the samples
"""
    + _ROWS_DOMAIN
)

_HUB = (
    """\
name: hub

domains:
  hub:
    weight: 1.0                      # its share of the samples; the weights of all domains sum to 1
    sources:
      - hub: your-name/your-dataset  # EDIT: its name on the hub; needs the extra: .venv/bin/pip install -e '.[hub]'
        split: train
        column: text                 # EDIT: the column that has the text
        # group: author              # rows with the same value here belong together; every sample names its group
        licence: CC-BY-4.0           # EDIT: what its page says; texts without a licence are refused
        provenance: your-name/your-dataset on the hub
"""
    + _ROWS_DOMAIN
)

_ASM = """\
name: asm_by_a_model

domains:
  asm: {weight: 1.0}                 # built in: it has its own tasks and prompts, and proves answers by executing them
"""

_ANSWER = """\
    answer:
      json_schema:                   # what the model has to answer with; without one, any text
        type: object
        required: [instruction, output]
        additionalProperties: false
        properties:
          instruction: {type: string, minLength: 10}
          output: {type: string, minLength: 20}
      sample:                        # what a student learns from: the item's values, and the answer's own keys
        user: USER
        assistant: "{{ output }}"
    checks:                          # each has a weight in the quality; below at_least, a sample is worth nothing
      structure: {at_least: 1.0}     # does it satisfy the schema
      length: {fewest: 10, most: 400}   # words
      refusal: {at_least: 0.5}       # does it answer, and not decline
      grounding: {weight: 1.0}       # are its names and numbers those of the source
      similarity: {most: 0.8}        # does it more than repeat the question
      # language: {language: en}     # is it written in this language
    # judge:                         # a second model that reads what passed the checks; it costs a call for each
    #   model: writer                # better another one than the writer, below models
    #   rubric: The answer is right by the source, complete, and clear to somebody who has only the question.
    #   at_least: 0.5
"""

_USER = {
    StarterKind.NOTES: '"{{ instruction }}"',
    StarterKind.CODE: '"{{ instruction }}\\n\\n{{ text }}"',
    StarterKind.ROWS: '"{{ instruction }}"',
    StarterKind.HUB: '"{{ instruction }}"',
}

_REST = """\

models:
  writer:                            # an alias of yours
    model: qwen3-30b-a3b             # EDIT: the name that its server knows it by
    base_url: http://127.0.0.1:8000/v1   # EDIT: any server of the chat protocol; without it, the hosted one of OpenAI
    key: OPENAI_API_KEY              # the variable that has the key, or the file .env beside this one; never the key
    temperature: 0.7
    max_tokens: 1024                 # the most of one answer
    input_price: 0.15                # EDIT: of a million tokens that it reads, in your currency; 0 for your own server
    output_price: 0.60               # EDIT: of a million tokens that it writes

teacher:
  kind: chat                         # or batch: at half the price where a provider has it, within a day
  model: writer

checks:
  accept_at: 0.7                     # a sample of at least this quality is accepted

pilot:                               # what is made and judged first
  tickets: 60
  top_up: 60                         # added while the evidence proves nothing
  max_tickets: 180

gate:                                # what the pilot must show before the campaign is paid for
  min_samples: 50
  quality_threshold: 0.75

campaign:
  target: 200                        # EDIT: accepted samples that you want
  output_name: NAME_200              # its name, and that of the dataset; another recipe needs another one

guards:
  max_cost: 5                        # pilot and campaign each stop before they cost more

speed:
  in_flight: 16                      # calls at the same time, at most

# datasets:                          # what is made of the samples: train, validation and test, which share no text
#   my_KIND: {domains: [KIND]}
# after_campaign: [export]           # done by itself at the end: export, transfer, train, evaluate

# Next:
#   campaign validate RECIPE           checks this file and reads the sources; costs nothing
#   campaign preview --recipe RECIPE   asks for five samples and shows them whole; costs five answers
#   campaign auto --recipe RECIPE      makes the pilot and, where it is good enough, the campaign
"""

_DOMAIN = {
    StarterKind.NOTES: _NOTES,
    StarterKind.CODE: _CODE,
    StarterKind.ROWS: _ROWS,
    StarterKind.ASM: _ASM,
    StarterKind.HUB: _HUB,
}


def edits(kind: StarterKind) -> tuple[str, str, str]:
    """Return the three things of a starter that a person has to look at: each its key, and what to say there."""
    return _ASM_EDITS if kind is StarterKind.ASM else _OWN_DATA_EDITS


def next_commands(path: Path) -> tuple[str, str]:
    """Return the commands by which the recipe at ``path`` is tried."""
    name = shlex.quote(str(path))
    return f"campaign validate {name}", f"campaign preview --recipe {name}"


def starter(kind: StarterKind, path: Path) -> str:
    """Return the recipe for data of this ``kind``, as it is written to ``path``."""
    answer = _ANSWER.replace("USER", _USER[kind]) if kind in _USER else ""
    text = f"# A recipe for {kind.what}. What is marked EDIT is yours to say.\n{_DOMAIN[kind]}{answer}{_REST}"
    return text.replace("NAME_200", f"{kind}_200").replace("KIND", kind).replace("RECIPE", shlex.quote(str(path)))


def write_starter(kind: StarterKind, path: Path) -> None:
    """Put the recipe for data of this ``kind`` at ``path``, whole or not at all.

    Raises:
        UsageError: something is there already, or nothing can be put there.
    """
    try:
        path.touch(exist_ok=False)
    except FileExistsError as error:
        if path.is_dir():
            raise UsageError(
                f"{path} is a folder", f"name a file in it: campaign init {path / 'recipe.yaml'}"
            ) from error
        raise UsageError(
            f"{path} is there already, and nothing is ever overwritten", "give another name: campaign init FILE"
        ) from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", "name a file in a folder of yours") from error
    try:
        replace_file(path, starter(kind, path).encode())
    except CampaignError:
        path.unlink(missing_ok=True)
        raise
