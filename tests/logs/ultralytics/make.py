"""A tiny YOLO11 trained from its description on pictures of squares: ``results.csv`` and ``args.yaml``; and the table as YOLOv5
writes it, which is on no registry: by the lines of its ``Loggers.on_fit_epoch_end``, padded, with epochs from 0.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path

PACKAGES = ["torch==2.13.0", "torchvision==0.28.0", "ultralytics-opencv-headless==8.4.190"]
V5 = ["train/box_loss", "train/obj_loss", "train/cls_loss", "metrics/precision", "metrics/recall", "metrics/mAP_0.5",
      "metrics/mAP_0.5:0.95", "val/box_loss", "val/obj_loss", "val/cls_loss", "x/lr0", "x/lr1", "x/lr2"]  # fmt: skip

Truth = dict[str, list[list[float]]]


def pictures(home: Path) -> Path:
    """A white square a picture, and a file that says where the pictures are."""
    import numpy as np
    from PIL import Image

    chance = np.random.default_rng(0)
    for part, count in (("train", 16), ("val", 8)):
        for kind in ("images", "labels"):
            (home / kind / part).mkdir(parents=True)
        for n in range(count):
            x, y = chance.integers(8, 40, 2)
            picture = chance.integers(0, 60, (64, 64, 3)).astype(np.uint8)
            picture[y : y + 16, x : x + 16] = 255
            Image.fromarray(picture).save(home / "images" / part / f"{n}.png")
            (home / "labels" / part / f"{n}.txt").write_text(f"0 {(x + 8) / 64} {(y + 8) / 64} 0.25 0.25\n")
    described = home / "squares.yaml"
    described.write_text(f"path: {home}\ntrain: images/train\nval: images/val\nnames: {{0: square}}\n")
    return described


def suppressed(boxes, scores, threshold: float):
    """Non-maximum suppression in plain torch: torchvision's own operators want another build of torch."""
    import torch
    from torchvision.ops import box_iou

    left, kept = scores.argsort(descending=True), []
    while len(left):
        kept.append(int(left[0]))
        left = left[1:][box_iou(boxes[left[:1]], boxes[left[1:]])[0] <= threshold]
    return torch.tensor(kept, dtype=torch.long)


def v11(truth: dict[str, Truth]) -> None:
    import torch

    for name in ("nms", "qnms"):
        torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision

    torchvision.ops.nms = suppressed
    from ultralytics import YOLO

    points: Truth = {}

    def heard(trainer) -> None:
        if trainer.epoch >= trainer.epochs:  # the best weights are evaluated again at the end
            return
        said = {**trainer.label_loss_items(trainer.tloss), **trainer.metrics, **trainer.lr}
        for name, value in said.items():
            points.setdefault(name, []).append([trainer.epoch + 1, float(value)])

    home = Path(tempfile.mkdtemp())
    model = YOLO("yolo11n.yaml")
    model.add_callback("on_fit_epoch_end", heard)
    model.train(data=str(pictures(home)), epochs=4, imgsz=64, batch=8, device="cpu", project=str(home), name="v11",
                pretrained=False, plots=False, save=False, workers=0, verbose=False, close_mosaic=0)  # fmt: skip
    Path("log/v11").mkdir()
    for name in ("results.csv", "args.yaml"):
        Path("log/v11", name).write_text((home / "v11" / name).read_text().replace(str(home), "."))
    shutil.rmtree(home)
    truth["v11"] = points


def v5(truth: dict[str, Truth]) -> None:
    file, points = Path("log/v5/results.csv"), dict[str, list[list[float]]]()
    file.parent.mkdir()
    for epoch in range(12):
        values = [
            0.1 / (epoch + 1),
            0.02,
            0.0,
            0.5,
            0.4,
            epoch / 20,
            epoch / 40,
            0.12 / (epoch + 1),
            0.021,
            float("nan"),
            0.01,
            0.01,
            0.1,
        ]
        for name, value in zip(V5, values, strict=True):
            points.setdefault(name, []).append([epoch, float(f"{value:20.5g}")])
        n = len(V5) + 1
        header = "" if file.exists() else (("%20s," * n % ("epoch", *V5)).rstrip(",") + "\n")
        with file.open("a") as f:
            f.write(header + ("%20.5g," * n % (epoch, *values)).rstrip(",") + "\n")
    Path("log/v5/opt.yaml").write_text("weights: ''\nepochs: 12\nbatch_size: 16\noptimizer: SGD\n")
    truth["v5"] = points


def main() -> None:
    os.environ["YOLO_CONFIG_DIR"] = tempfile.mkdtemp()
    truth: dict[str, Truth] = {}
    v5(truth)
    v11(truth)
    Path("truth.json").write_text(json.dumps(truth))


if __name__ == "__main__":
    main()
