"""How BERT is trained: optimizers and schedules."""

from kerasbert.training.contrastive import ContrastiveLoss, partner_accuracy
from kerasbert.training.lamb import BertLamb
from kerasbert.training.metrics import TokenAccuracy
from kerasbert.training.optimizers import BertAdamW
from kerasbert.training.polynomial import WarmupPolynomialDecay
from kerasbert.training.schedules import WarmupLinearDecay
from kerasbert.training.token_loss import TokenBinaryCrossentropy
