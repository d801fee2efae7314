"""A Hugging Face Trainer with accumulation and evaluation, on a small model made here."""
# ruff: noqa: PTH123

import json
import sys
import tempfile

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments

torch.manual_seed(0)
tokens = torch.randint(30, (40, 12))
rows = [{"input_ids": row, "labels": row} for row in tokens]
model = GPT2LMHeadModel(
    GPT2Config(vocab_size=30, n_layer=1, n_head=2, n_embd=8, n_positions=12, bos_token_id=0, eos_token_id=0)
)
arguments = TrainingArguments(
    tempfile.mkdtemp(), num_train_epochs=2, per_device_train_batch_size=4, gradient_accumulation_steps=2, logging_steps=1,
    eval_strategy="epoch", per_device_eval_batch_size=4, use_cpu=True, report_to="none", save_strategy="no", disable_tqdm=True,
)  # fmt: skip
trainer = Trainer(model, arguments, train_dataset=rows[:32], eval_dataset=rows[32:])
trainer.train()
history = trainer.state.log_history
with open(sys.argv[1], "w") as file:
    json.dump(
        {
            "train": [entry["loss"] for entry in history if "loss" in entry],
            "val": [entry["eval_loss"] for entry in history if "eval_loss" in entry],
        },
        file,
    )
