from collections.abc import Iterator

import pytest

from tests.models.builders import limit_rounds


@pytest.fixture(scope="module", autouse=True)
def few_rounds() -> Iterator[None]:
    yield from limit_rounds(60)
