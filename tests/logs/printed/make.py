"""Logs in the formats of tools that cannot be installed beside torch 2.13, or whose trainings take a GPU and days.

No tool runs here: the printing below is ours, written from the formats that nanoGPT, llm.c, Megatron-LM, fairseq, torchvision, timm,
MMEngine, Detectron2, PaddlePaddle, Caffe, CatBoost, YOLO, fastai and the examples of PyTorch have on the terminal. What is
printed is one made-up training whose loss falls with noise; the truth are the numbers as they were printed.
"""

import json
import math
import random
from collections.abc import Callable
from pathlib import Path

PACKAGES: list[str] = []
Points = dict[str, list[list[float]]]
EPOCHS, BATCHES, EVERY = 4, 50, 5


class Printer:
    """Collects lines and what they say."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.points: Points = {}
        self.random = random.Random(7)

    def put(self, line: str) -> None:
        self.lines.append(line)

    def say(self, name: str, step: float, value: float, form: str = ".4f") -> str:
        """``value`` as it is printed; noted under ``name``."""
        text = format(value, form)
        self.points.setdefault(name, []).append([step, float(text)])
        return text

    def loss(self, step: float, above: float = 0.0) -> float:
        return 0.3 + 2.2 * math.exp(-step / 60) + above + self.random.gauss(0, 0.03)

    def accuracy(self, step: float) -> float:
        return 0.95 - 0.8 * math.exp(-step / 60) + self.random.gauss(0, 0.005)


def rate(step: float) -> float:
    return 1e-3 * min(1.0, (step + 1) / 20) * (1 + math.cos(math.pi * step / (EPOCHS * BATCHES))) / 2


def nanogpt(p: Printer) -> None:
    p.put("tokens per iteration will be: 491,520")
    p.put("number of parameters: 10.65M")
    for i in range(201):
        if i % 50 == 0:
            p.put(
                f"step {i}: train loss {p.say('train loss', i, p.loss(i))}, val loss {p.say('val loss', i, p.loss(i, 0.1))}"
            )
            if i:
                p.put("saving checkpoint to out")
        if i % EVERY == 0:
            mfu = p.say("mfu", i, -100 if i < 25 else 17.2, ".2f")
            p.put(
                f"iter {i}: loss {p.say('loss', i, p.loss(i))}, time {p.say('time', i, 131 + i / 9, '.2f')}ms, mfu {mfu}%"
            )


def modded_nanogpt(p: Printer) -> None:
    p.lines += Path(__file__).read_text().splitlines()  # the script goes before its log
    p.put("=" * 100)
    for i in range(201):
        average = f"{p.say('step_avg', i, 365 + i / 100, '.2f')}ms" if i > 10 else "nanms"
        if i <= 10:
            p.points.setdefault("step_avg", []).append([i, math.nan])
        spent = p.say("train_time", i, 300 + 365 * i, ".0f")
        if i % 50 == 0:
            p.put(
                f"step:{i}/200 val_loss:{p.say('val_loss', i, p.loss(i, 0.1))} train_time:{spent}ms step_avg:{average}"
            )
        else:
            p.put(
                f"step:{i}/200 train_loss:{p.say('train_loss', i, p.loss(i))} train_time:{spent}ms step_avg:{average}"
            )


def llm_c(p: Printer) -> None:
    for i in range(200):
        if i % 50 == 0:
            p.put(f"s:{i} tel:{p.say('tel', i, p.loss(i, 0.1))}")
        lr, norm = p.say("lr", i, rate(i), ".6f"), p.say("norm", i, 15 / (i + 1), ".2f")
        p.put(f"s:{i} trl:{p.say('trl', i, p.loss(i))} lr:{lr} norm:{norm}")


def llm_c_terminal(p: Printer) -> None:
    p.put("| max_sequence_length T | 1024                                               |")
    for i in range(1, 121):
        norm, lr = p.say("norm", i, 15 / i), p.say("lr", i, rate(i), ".2e")
        p.put(
            f"step {i:4d}/120 | loss {p.say('loss', i, p.loss(i), '.6f')} (+nanz)| norm {norm} (+0.34z)| lr {lr} | 3077.92 ms | "
            f"48.0% bf16 MFU | {p.say('tok/s', i, 170000 + i, '.0f')} tok/s"
        )
        if i % 40 == 0:
            p.put(f"val loss {p.say('val loss', i, p.loss(i, 0.1), '.6f')}")


def megatron(p: Printer) -> None:
    p.put("  lr_warmup_iters ................................. 20")
    for i in range(10, 201, 10):
        p.put(
            f" iteration {i:8d}/     200 | consumed samples: {p.say('consumed samples', i, i * 512, '12.0f')} | "
            f"elapsed time per iteration (ms): 2152.2 | learning rate: {p.say('learning rate', i, rate(i), '.3E')} | "
            f"global batch size:   512 | lm loss: {p.say('lm loss', i, p.loss(i), '.6E')} | loss scale: 16384.0 | "
            f"grad norm: {p.say('grad norm', i, 9 / i, '.3f')} | number of skipped iterations:   0 | number of nan iterations:   0 |"
        )
        p.put(
            "time (ms) | forward-compute: 175.98 | backward-compute: 515.29 | optimizer: 12.31 | batch-generator: 3.11"
        )
        if i % 50 == 0:
            value = p.say("validation/lm loss value", i, p.loss(i, 0.1), ".6E")
            p.put("-" * 90)
            p.put(
                f" validation loss at iteration {i} | lm loss value: {value} | lm loss PPL: {math.exp(float(value)):.6E} | "
            )


def fairseq(p: Printer) -> None:
    when = "2021-03-08 12:31:36 | INFO |"
    for i in range(10, 201, 10):
        epoch = (i - 1) // BATCHES + 1
        if i == 60:
            p.put(
                f"{when} fairseq.trainer | NOTE: gradient overflow detected, ignoring gradient, setting loss scale to: 64.0"
            )
        told = {
            "epoch": epoch,
            "update": round(i / BATCHES, 3),
            "loss": p.say("loss", i, p.loss(i), ".3f"),
            "wps": "5210.1",
            "num_updates": str(i),
            "lr": p.say("lr", i, rate(i), ".6g"),
            "gnorm": p.say("gnorm", i, 9 / i, ".3f"),
        }
        p.put(f"{when} train_inner | {json.dumps(told)}")
        if i % BATCHES == 0:
            valid = {
                "epoch": epoch,
                "valid_loss": p.say("valid_loss", i, p.loss(i, 0.1), ".3f"),
                "valid_num_updates": str(i),
            }
            p.put(f"{when} valid | {json.dumps(valid)}")


def torchvision(p: Printer) -> None:
    for epoch in range(EPOCHS):
        mean, seen = 0.0, 0
        for i in range(0, BATCHES, EVERY):
            step = epoch * BATCHES + i
            loss, seen = p.say("loss", step, p.loss(step)), seen + 1
            mean += (float(loss) - mean) / seen
            average = p.say("loss (mean)", step, mean)
            lr = p.say("lr", step, rate(step), ".6f")
            p.put(
                f"Epoch: [{epoch}]  [{i:2d}/{BATCHES}]  eta: 0:00:{60 - i:02d}  lr: {lr}  loss: {loss} ({average})  "
                f"time: 0.5210 (0.5313)  data: 0.0101 (0.0312)  max mem: 3114"
            )
        p.put(f"Epoch: [{epoch}] Total time: 0:00:27 (0.5313 s / it)")
        for i in range(0, 20, 10):
            p.put(
                f"Test:  [{i:2d}/20]  eta: 0:00:09  loss: {p.loss(step):.4f} ({p.loss(step):.4f})  time: 0.2113  data: 0.1  max mem: 3114"
            )
        accuracy = p.say("* Acc@1", step, 100 * p.accuracy(step), ".3f")
        p.put(f" * Acc@1 {accuracy} Acc@5 {p.say('* Acc@5', step, 99.0, '.3f')}")


def timm(p: Printer) -> None:
    for epoch in range(EPOCHS):
        for i in range(0, BATCHES, EVERY):
            step = epoch * BATCHES + i
            p.put(
                f"Train: {epoch} [{i:4d}/{BATCHES} ({100 * i // BATCHES:3d}%)]  Loss: {p.say('Loss', step, p.loss(step), '.3g')} (2.31)  "
                f"Time: 0.312s,  410.26/s  (0.312s,  410.26/s)  LR: {p.say('LR', step, rate(step), '.3e')}  Data: 0.010 (0.010)"
            )


def mmengine(p: Printer) -> None:
    for epoch in range(1, EPOCHS + 1):
        for i in range(10, BATCHES + 1, 10):
            step = (epoch - 1) * BATCHES + i
            p.put(
                f"2023/06/05 20:{epoch:02d}:{i:02d} - mmengine - INFO - Epoch(train)  [{epoch}][{i:3d}/{BATCHES}]  "
                f"lr: {p.say('lr', step, rate(step), '.4e')}  eta: 0:10:00  time: 0.1000  data_time: 0.0100  memory: 400  "
                f"loss: {p.say('loss', step, p.loss(step))}"
            )
        accuracy = p.say("val/accuracy/top1", step, 100 * p.accuracy(step))
        p.put(
            f"2023/06/05 20:{epoch:02d}:59 - mmengine - INFO - Epoch(val) [{epoch}][20/20]    accuracy/top1: {accuracy}  "
            "data_time: 0.0100  time: 0.0500"
        )


def detectron2(p: Printer) -> None:
    for i in range(19, 200, 20):
        total = p.say("total_loss", i, p.loss(i), ".3f")
        p.put(
            f"[06/05 20:09:{i % 60:02d} d2.utils.events]:  eta: 0:02:12  iter: {i}  total_loss: {total}  "
            f"loss_cls: {p.say('loss_cls', i, p.loss(i) / 2)}  time: 0.4101  last_time: 0.4000  data_time: 0.0201  "
            f"lr: {p.say('lr', i, rate(i), '.5g')}  max_mem: 2000M"
        )


def paddle(p: Printer) -> None:
    for i in range(10, 201, 10):
        epoch = (i - 1) // BATCHES + 1
        p.put(
            f"[2021/12/01 10:{i // 60:02d}:{i % 60:02d}] ppocr INFO: epoch: [{epoch}/{EPOCHS}], global_step: {i}, "
            f"lr: {p.say('lr', i, rate(i), '.6f')}, loss: {p.say('loss', i, p.loss(i), '.6f')}, avg_reader_cost: 0.01929 s, "
            f"avg_samples: 8.0, ips: 12.31410 samples/s, eta: 1:00:00"
        )
        if i % BATCHES == 0:
            p.lines += [
                f"eval model::  {5 * k:3d}%|{'#' * k:20s}| {k}/20 [00:01<00:03,  3.06it/s]" for k in range(0, 21, 4)
            ]
            hmean = p.say("hmean", i, p.accuracy(i), "")
            p.put(
                f"[2021/12/01 10:09:00] ppocr INFO: cur metric, precision: {p.say('precision', i, p.accuracy(i), '')}, hmean: {hmean}, fps: 15.3"
            )


def caffe(p: Printer) -> None:
    for i in range(0, 201, 20):
        head = "I0613 17:36:53.936666  1860 solver.cpp"
        if i % 100 == 0:
            p.put(f"{head}:337] Iteration {i}, Testing net (#0)")
            p.put(f"{head}:404]     Test net output #0: accuracy = {p.say('Test/accuracy', i, p.accuracy(i), '.6g')}")
        p.put(f"{head}:228] Iteration {i}, loss = {p.say('loss', i, p.loss(i), '.6g')}")
        p.put(
            f"{head}:244]     Train net output #0: softmax = {p.say('softmax', i, p.loss(i), '.6g')} (* 1 = 0.5 loss)"
        )
        p.put(f"I0613 17:36:53.936748  1860 sgd_solver.cpp:106] Iteration {i}, lr = {p.say('lr', i, rate(i), '.6g')}")


def catboost(p: Printer) -> None:
    p.put("Learning rate set to 0.03")
    for i in range(60):
        p.put(
            f"{i}:\tlearn: {p.say('learn', i, p.loss(i), '.7f')}\ttest: {p.say('test', i, p.loss(i, 0.1), '.7f')}\tbest: 0.5131 ({i})\ttotal: 50ms\tremaining: 2.95s"
        )


def pytorch_example(p: Printer) -> None:
    for epoch in range(1, EPOCHS + 1):
        for i in range(0, 3200, 320):
            step = (epoch - 1) * 3200 + i
            p.put(
                f"Train Epoch: {epoch} [{i}/3200 ({100 * i / 3200:.0f}%)]\tLoss: {p.say('Loss', step, p.loss(step / 64), '.6f')}"
            )
        right = round(1000 * p.accuracy(step / 64))
        p.points.setdefault("Test/Accuracy", []).append([step, right / 1000])
        average = p.say("Test/Average loss", step, p.loss(step / 64, 0.1))
        p.put("")
        p.put(f"Test set: Average loss: {average}, Accuracy: {right}/1000 ({right / 10:.0f}%)")
        p.put("")


def imagenet_example(p: Printer) -> None:
    for epoch in range(EPOCHS):
        for i in range(1, BATCHES + 1, EVERY):
            step = epoch * BATCHES + i
            loss, accuracy = (
                p.say("Loss", step, p.loss(step), ".4e"),
                p.say("Acc@1", step, 100 * p.accuracy(step), "6.2f"),
            )
            p.put(
                f"Epoch: [{epoch}][{i:4d}/{BATCHES}]\tTime  0.310 ( 0.912)\tData  0.102 ( 0.201)\tLoss {loss} (2.3e+00)\tAcc@1 {accuracy} (  0.13)"
            )
        p.put(f" *   Acc@1 {p.say('* Acc@1', step, 100 * p.accuracy(step), '.3f')} Acc@5 99.220")


def tutorial(p: Printer) -> None:
    for epoch in range(1, EPOCHS + 1):
        for i in range(2000, 12001, 2000):
            step = (epoch - 1) * 12000 + i
            p.put(f"[{epoch}, {i:5d}] loss: {p.say('loss', step, p.loss(step / 300), '.3f')}")
    p.put("Finished Training")
    name = "Accuracy of the network on the 10000 test images"
    p.put(f"{name}: {p.say(name, step, 54, 'd')} %")


def fastai(p: Printer) -> None:
    p.put("epoch     train_loss  valid_loss  accuracy  time    ")
    for e in range(EPOCHS):
        told = [
            p.say(n, e, v, ".6f")
            for n, v in (
                ("train_loss", p.loss(e * 50)),
                ("valid_loss", p.loss(e * 50, 0.1)),
                ("accuracy", p.accuracy(e * 50)),
            )
        ]
        p.put(f"{e:<10d}{told[0]}    {told[1]}    {told[2]}  00:12     ")


def yolo(p: Printer) -> None:
    for e in range(EPOCHS):
        p.put("")
        p.put("      Epoch   gpu_mem       box       obj       cls    labels  img_size")
        box, obj = p.say("box", e, p.loss(e * 50) / 20, ".5f"), p.say("obj", e, p.loss(e * 50) / 30, ".5f")
        p.put(
            f"   {e:>4d}/{EPOCHS - 1}      3.2G   {box}   {obj}   {p.say('cls', e, 0.02, '.5f')}       200       640: 100%|{'█' * 10}| 8/8 [00:03<00:00,  2.11it/s]"
        )
        p.put(
            "               Class     Images     Labels          P          R     mAP@.5 mAP@.5:.95: 100%|██████████| 4/4 [00:01<00:00,  3.1it/s]"
        )
        found = [
            p.say(n, e, p.accuracy(e * 50) * f, ".3g")
            for n, f in (("P", 1), ("R", 0.9), ("mAP@.5", 0.8), ("mAP@.5:.95", 0.5))
        ]
        p.put(f"                 all        128        929      {'      '.join(found)}")


def own_script(p: Printer) -> None:
    p.put("Namespace(lr=0.001, epochs=4, batch_size=32, momentum=0.9)")
    p.put("Using device: cuda:0, torch 2.1.0+cu118, 24.3 GB")
    for epoch in range(1, EPOCHS + 1):
        p.put(f"Epoch {epoch}/{EPOCHS}")
        p.put("-" * 10)
        for part, above in (("train", 0.0), ("val", 0.1)):
            step = epoch
            loss = p.say(f"{part} Loss", step, p.loss(step * 50, above))
            accuracy = p.say("val/Acc" if part == "val" else "Acc", step, p.accuracy(step * 50))
            p.put(f"{part} Loss: {loss} Acc: {accuracy}")
        p.put("")
    p.put("Training complete in 12m 31s")


PRINTERS: dict[str, Callable[[Printer], None]] = {
    f.__name__: f
    for f in (
        nanogpt, modded_nanogpt, llm_c, llm_c_terminal, megatron, fairseq, torchvision, timm, mmengine, detectron2, paddle, caffe,
        catboost, pytorch_example, imagenet_example, tutorial, fastai, yolo, own_script,
    )
}  # fmt: skip


def main() -> None:
    truth: dict[str, Points] = {}
    for name, write in PRINTERS.items():
        printer = Printer()
        write(printer)
        Path("log", f"{name}.log").write_text("\n".join(printer.lines) + "\n")
        truth[name] = printer.points
    Path("truth.json").write_text(json.dumps(truth))


if __name__ == "__main__":
    main()
