"""Groups of similar patients: the space they are compared in, clusters, their stability, their number."""

from pipeline.phenotypes.choice import Rules
from pipeline.phenotypes.clusterers import CLUSTERERS
from pipeline.phenotypes.find import Phenotypes, find_phenotypes
from pipeline.phenotypes.model import PhenotypeModel, predictor_values
from pipeline.phenotypes.patients import Patients

__all__ = ["CLUSTERERS", "Patients", "PhenotypeModel", "Phenotypes", "Rules", "find_phenotypes", "predictor_values"]
