"""Groups of similar patients: the space they are compared in, clusters, their stability, their number."""

from pipeline.phenotypes.find import PhenotypeModel, Phenotypes, find_phenotypes

__all__ = ["PhenotypeModel", "Phenotypes", "find_phenotypes"]
