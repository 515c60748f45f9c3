"""A model is trained on a dataset by its own script: stopped, killed, resumed, and as good as one that was not."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from world import wait_until

from agents.campaign.log_lines import parse
from agents.training import domains
from agents.training.sft.files import Lease
from agents.training.sft.preflight import PACKAGES
from agents.training.sft.troubles import Exit
from agents.training.trainer import script_name, write_training

MISSING = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.story,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (the extra train)"),
]

NAME = "alttp_asm_24k"
TINY = ["--model", "tiny", "--batch-size", "1", "--gradient-accumulation", "1", "--json"]
MASKS = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import transformers, trl
from sft.conversation import conversation_of
from sft.dataset import opened
from sft.models import template_for
from sft.samples import Writer
from sft.settings import Settings
tokenizer = transformers.AutoTokenizer.from_pretrained(sys.argv[2])
template, dataset = tokenizer.chat_template, opened(Path(sys.argv[1]))
unmarked = template.replace("{%- generation -%}", "").replace("{%- endgeneration -%}", "")
conversations = [conversation_of(row) for _, row in dataset.rows("train")]
def learnt(sample):
    return tokenizer.decode([token for token, is_learnt in zip(*sample) if is_learnt])
for at, conversation in enumerate(conversations):
    answers = [turn for turn in conversation.turns if turn["role"] == "assistant"]
    tokenizer.chat_template = template
    sample = Writer(tokenizer, template).sample(conversation)
    if conversation.tools is None:
        assert learnt(sample) == "".join(turn["content"] + "<|im_end|>\\n" for turn in answers), at
    else:
        assert learnt(sample).startswith('<tool_call>\\n{"name": "read_room", "arguments": {"room": 3}}'), at
        assert learnt(sample).count("<|im_end|>") == len(answers), at
    tokenizer.chat_template = unmarked
    assert Writer(tokenizer, None).sample(conversation) == sample, at
for name in ("qwen2_5", "qwen3_instruct_2507", "llama3", "phi3"):
    tokenizer.chat_template = (Path(trl.__file__).parent / "chat_templates" / f"{name}.jinja").read_text()
    marked = template_for(tokenizer, Settings(), "messages")
    for at, conversation in enumerate(conversations[:3]):
        text = learnt(Writer(tokenizer, marked).sample(conversation))
        *asked, answer = conversation.turns
        assert answer["content"].strip() in text, (name, at)
        assert not any(turn["content"] in text for turn in asked), (name, at)
print("proved")
"""
TOOL_ROW: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": "What is in room 3?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "read_room", "arguments": '{"room":3}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "1", "content": "a chest"},
        {"role": "assistant", "content": "There is a chest in room 3."},
    ],
    "tools": [{"type": "function", "function": {"name": "read_room", "parameters": {"type": "object"}}}],
}
USE = """
import sys
import peft, torch, transformers
torch.manual_seed(0)
base, adapter, merged = sys.argv[1:]
tokenizer = transformers.AutoTokenizer.from_pretrained(adapter)
asked = [{"role": "user", "content": "Write a routine that clears A."}]
tokens = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_tensors="pt", return_dict=True)
plain = transformers.AutoModelForCausalLM.from_pretrained(base)
before = plain(**tokens).logits
joined = peft.PeftModel.from_pretrained(plain, adapter)
one, other = joined(**tokens).logits, transformers.AutoModelForCausalLM.from_pretrained(merged)(**tokens).logits
assert torch.allclose(one, other, atol=1e-4), (one - other).abs().max()
assert not torch.allclose(one, before, atol=1e-4)
print("used")
"""


@dataclass
class Machine:
    """Another machine: ``home/training`` has a script, and the dataset below."""

    home: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def training(self) -> Path:
        return self.home / "training"

    @property
    def dataset(self) -> Path:
        return self.training / "datasets" / NAME

    @property
    def model(self) -> Path:
        return self.training / "models" / f"{NAME}-tiny"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "CONTEXT_ROOT"}}
        return kept | {"HOME": str(self.home), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}

    def start(self, *options: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, script_name(NAME), *TINY, *options],
            cwd=self.training,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.started.append(process)
        return process

    def train(self, *options: str) -> tuple[int, dict[str, Any]]:
        process = self.start(*options)
        out, errors = process.communicate()
        assert out, errors
        return process.returncode, orjson.loads(out)

    def status(self) -> dict[str, Any]:
        path = self.model / "training_status.json"
        return orjson.loads(path.read_bytes()) if path.exists() else {"progress": 0, "checkpoint": None}

    def run(self, program: str, *arguments: Path) -> str:
        command = [sys.executable, "-c", program, *map(str, arguments)]
        done = subprocess.run(command, env=self.environment, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture
def machine(tmp_path: Path) -> Any:
    machine = Machine(tmp_path)
    write_dataset(machine.dataset, {"train": 60, "validation": 8, "test": 8})
    (machine.training / script_name(NAME)).write_bytes((machine.dataset / script_name(NAME)).read_bytes())
    yield machine
    for process in machine.started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def write_dataset(folder: Path, counts: dict[str, int]) -> None:
    """Write what an export writes: real samples, and in each split one that calls a tool."""
    folder.mkdir(parents=True)
    domain, files, at = domains.load("asm"), {}, 0
    cells = list(domain.cells())
    for split, count in counts.items():
        rows = []
        for _ in range(count):
            item = domain.item(cells[at % len(cells)], at // len(cells), 7)
            turns = [{"role": turn.role, "content": turn.content} for turn in domain.prompt(item, at)]
            rows.append({"messages": [*turns, {"role": "assistant", "content": domain.answer(item, at)}]})
            at += 1
        rows[-1] = TOOL_ROW
        data = b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
        (folder / f"{split}.jsonl").write_bytes(data)
        files[f"{split}.jsonl"] = {"samples": count, "sha256": hashlib.sha256(data).hexdigest()}
    files |= write_training(folder, NAME)
    manifest = {"dataset": NAME, "format": "messages", "run": "full_campaign_34500", "files": files}
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest))


def is_at(machine: Machine, step: int, *, beyond: int = 0) -> Callable[[], bool]:
    def reached() -> bool:
        assert machine.started[-1].poll() is None, machine.started[-1].communicate()[1]
        status = machine.status()
        return status["progress"] >= step and (status["checkpoint"] or 0) > beyond

    return reached


def test_a_training_that_is_stopped_and_killed_ends_as_one_that_was_not(machine: Machine) -> None:
    options = ["--max-steps", "16", "--save-steps", "3"]
    first = machine.start(*options)
    wait_until(is_at(machine, 4, beyond=2))
    code, refused = machine.train(*options)
    assert (code, refused["kind"]) == (Exit.ALREADY_RUNNING, "AlreadyRunningError")
    assert str(first.pid) in refused["error"]
    first.send_signal(signal.SIGTERM)
    told = orjson.loads(first.communicate()[0])
    assert (first.returncode, told["kind"]) == (Exit.PAUSED, "PausedError")
    paused = machine.status()
    assert (paused["state"], paused["is_running"]) == ("paused", False)
    assert paused["checkpoint"] == paused["progress"] < 16

    second = machine.start(*options)
    wait_until(is_at(machine, paused["progress"] + 1, beyond=paused["checkpoint"]))
    second.kill()
    second.communicate()
    assert machine.status()["state"] != "complete"
    with Lease(machine.model / "training.lease", "what a killed process held"):
        pass

    code, manifest = machine.train(*options)
    assert code == Exit.DONE
    assert (manifest["steps"], manifest["kind"], manifest["is_new"]) == (16, "full", True)
    loss = manifest["loss"]
    assert loss["eval_after"] < loss["eval_before"] - 0.3
    assert loss["last"] < loss["first"] - 0.3
    assert machine.status()["state"] == "complete"
    log = (machine.model / "training.log").read_text(encoding="utf-8")
    assert log.count("going on from step") == 2
    assert [event for line in log.splitlines() for event in parse(line)][-1].done == 16

    code, whole = machine.train(*options, "--output", str(machine.training / "other"))
    assert code == Exit.DONE
    assert whole["loss"]["last"] == pytest.approx(loss["last"], abs=1e-3)
    assert whole["loss"]["eval_after"] == pytest.approx(loss["eval_after"], abs=1e-3)
    assert machine.run(MASKS, machine.dataset, machine.model / "model") == "proved"
    code, again = machine.train(*options)
    assert (code, again["is_new"], again["created"]) == (Exit.DONE, False, manifest["created"])


def test_adapters_are_trained_and_merged_and_what_was_damaged_is_not_trained_on(machine: Machine) -> None:
    options = ["--lora-rank", "8", "--merge", "--max-steps", "4", "--max-length", "1024", "--learning-rate", "0.02"]
    code, plan = machine.train(*options, "--dry-run")
    assert (code, plan["is_dry_run"]) == (Exit.DONE, True)
    assert plan["splits"]["train"]["left_out"]["too long"] > 0
    assert not machine.model.exists()

    code, manifest = machine.train(*options)
    assert (code, manifest["kind"]) == (Exit.DONE, "lora")
    assert 0 < manifest["trained_parameters"] < manifest["parameters"]
    assert manifest["dataset"]["splits"]["train"] == plan["splits"]["train"]
    named = orjson.loads((machine.model / "adapter" / "adapter_config.json").read_bytes())["base_model_name_or_path"]
    assert (machine.model / "adapter" / named / "config.json").is_file()
    folders = [machine.model / part for part in ("base", "adapter", "merged")]
    assert machine.run(USE, *folders) == "used"
    assert manifest["parts"] == ["base", "adapter", "merged"]

    code, refused = machine.train(*options, "--seed", "8")
    assert (code, refused["kind"]) == (Exit.USAGE, "AnotherTrainingError")
    code, refused = machine.train(
        *options, "--output", str(machine.training / "no"), "--chat-template", "missing.jinja"
    )
    assert (code, refused["kind"]) == (Exit.USAGE, "UsageError")
    with (machine.dataset / "train.jsonl").open("ab") as file:
        file.write(b"{}\n")
    code, refused = machine.train(*options)
    assert (code, refused["kind"]) == (Exit.FAILED, "DamagedError")
