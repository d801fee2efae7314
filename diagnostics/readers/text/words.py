"""The words of text logs: what says where a line is in the training, which part of the data it is about, what it measures."""

import re


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


EPOCHS = frozenset({"epoch", "ep", "e", "epoche", "epoca", "poque"})  # époque, without what is no ASCII
STEPS = _set(
    "step steps iter iters iteration iterations it update updates num_updates global_step global_steps globalstep "
    "global_iter n_iter up batch batch_id batch_idx batch_index minibatch total_timesteps round episode trial_step train_step "
    "training_step optimizer_step opt_step"
)
BESIDE_PLACES = _set(
    "train training val valid validate validation dev test testing eval evaluation global current completed at start "
    "starting begin end ended of finished after for in on the loss result results opt optimizer model before"
)  # words that may stand before "epoch" or "step" without making it a quantity, as "total steps" or "batch size" are

EVALUATION = _set("val valid validate validating validation dev test testing eval evaluate evaluating evaluation")
SPLIT = re.compile(
    r"(?<![A-Za-z])(train|training|val|valid|validate|validating|validation|dev|test|testing|eval|evaluate|evaluating|evaluation)"
    r"(?![A-Za-z])",
    re.IGNORECASE,
)

MEASURE = re.compile(
    r"loss|acc(?:uracy|@|\b|_|\d)|\bprec@|\berr(?:or)?\b|error_rate|perplexity|\bppl\b|learning[ _]rate|(?:\b|_)lr(?:\b|_|\d)|\bl\.r|"
    r"grad|norm|bleu|rouge|(?:\b|_)f1|\bmap\b|mAP|auc|iou|dice|psnr|ssim|reward|return|mse|\bmae\b|mape|rmse|nll|bpb|bpc|elbo|"
    r"\bkl\b|precision|recall|score|hmean|meteor|cider|spice|\bwer\b|\bcer\b|entropy|cost|objective|\btrl\b|\btel\b|logloss|\bfid\b|top[-_ ]?[15]|"
    r"\brate\b|\blearn\b|mfu|tok/s|tokens?/s|hits@|mrr|ndcg|r2\b|损失|准确率|正确率|精度|学习率",
    re.IGNORECASE,
)
QUALITY = re.compile(
    r"loss|acc|prec@|\berr(?:or)?\b|f1|auc|iou|map\b|perplexity|ppl|precision|recall|dice|score|bleu|rouge|meteor|cider|mse|mae",
    re.IGNORECASE,
)
RATIO = re.compile(r"acc|correct|precision|recall", re.IGNORECASE)  # what "9830/10000" may be a value of

STOPS = _set(
    "from to in at of for with than and on after by the a an over per is are was took takes take has have using only "
    "about or not into as be down up size shape class dataset fold rank gpu device worker process sample chunk layer line seed port pid decreased increased improved reduced dropped changed dataloader iou maxdets eta top"
)  # words that no quantity's name ends with
LONGEST_HEADING, LONGEST_LINE = 3, 300  # words of one, as "evaluate:dev"; characters of its line
COPULA = frozenset({"is", "was", "of", "are"})  # "the loss is 0.3", "accuracy of 0.9"

CODE = re.compile(
    r"\s*[\w-]+ \.{3,}|\s*(?:def |class |import |from \w|return\b|if |elif |else:|for \w+ in |while |with |assert |raise |self\.|@\w|#|//|/\*|"
    r"print\(|parser\.|export |declare |set -|\+{1,6} |>>> |\.\.\. |\}|\w+\s*=\s*[\w.]+\(|[\w.]+\([rf]?[\"']|torch\.|np\.|\$ |--\w)"
)
ASSIGNED, COMMENT = re.compile(r"\s*[A-Za-z_][\w.]* [-+*/]?= "), re.compile(r"(?:^|\s)# ")  # lr = 1.73  # (24/8)**0.5
CALL = re.compile(r"\b[A-Za-z_]\w*\((?!(?:[a-z]+|%)\))[^()]*=[^=]*$")  # Linear(in_features=…, Namespace(lr=…
MODULE = re.compile(r"\b[A-Z]\w+\((?:\x00, )+\w+=")  # BatchNorm2d(64, eps=…; a number is a NUL
RETOLD = re.compile(
    r"\b(?:sav(?:ed|ing)|checkpoint|best|improved)\b|保存|最佳|最好", re.IGNORECASE
)  # before what was said already
NESTED = re.compile(r":\s*\{")
SWITCH = re.compile(r"[=:]\s*['\"]?(?:True|False)\b")  # of an option that is on or off
COUNTED = re.compile(r" [a-z]+s: +$")  # behind a number, before a bar: Fetching 14 files:  21%|


def part_of(text: str) -> str:
    """The part of the data that ``text`` names last, in its own word; "" for none."""
    found = SPLIT.findall(text.replace("_", " "))
    return str(found[-1]) if found else ""


def heading(text: str) -> str | None:
    """The part of the data that a line without a number announces, "" for the training's; None for any other line."""
    part = part_of(text) if len(text) < LONGEST_LINE else ""
    if not part or text.rstrip().endswith((",", "{", "(")):
        return None
    last = text.rpartition(" - ")[2]
    if not 0 < len(re.findall(r"[^\W_]+", last)) <= LONGEST_HEADING:
        return None
    return part if part.lower() in EVALUATION else ""


def is_evaluation(text: str) -> bool:
    """Whether ``text`` names data that is not trained on."""
    return part_of(text).lower() in EVALUATION
