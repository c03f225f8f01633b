"""Training: optimizers, learning rate schedules, losses, metrics and callbacks."""

from kerasbert.training.contrastive import ContrastiveLoss, partner_accuracy
from kerasbert.training.distribution import layout_map, strategy
from kerasbert.training.lamb import BertLamb
from kerasbert.training.metrics import TokenAccuracy
from kerasbert.training.optimizers import BertAdamW
from kerasbert.training.polynomial import WarmupPolynomialDecay
from kerasbert.training.resume import ResumeTraining
from kerasbert.training.schedules import WarmupLinearDecay
from kerasbert.training.scores import TaskScores
from kerasbert.training.similarity import PearsonCorrelation, SimilarityLoss
from kerasbert.training.smoothing import SmoothedCrossentropy
from kerasbert.training.token_loss import TokenBinaryCrossentropy
from kerasbert.training.unfreezing import GradualUnfreezing

__all__ = [
    "BertAdamW",
    "BertLamb",
    "ContrastiveLoss",
    "GradualUnfreezing",
    "PearsonCorrelation",
    "ResumeTraining",
    "SimilarityLoss",
    "SmoothedCrossentropy",
    "TaskScores",
    "TokenAccuracy",
    "TokenBinaryCrossentropy",
    "WarmupLinearDecay",
    "WarmupPolynomialDecay",
    "layout_map",
    "partner_accuracy",
    "strategy",
]
