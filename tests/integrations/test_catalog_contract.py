"""The catalog file itself keeps the contract that every other catalog keeps."""

from pathlib import Path

import pytest

from integrations.catalog_file import CatalogFile
from tests.integrations.catalog_contract import CatalogContract, CatalogWorld


class TestContract(CatalogContract):
    @pytest.fixture
    def catalog_world(self, tmp_path: Path) -> CatalogWorld:
        path = tmp_path / "here.yaml"
        path.write_text(
            "version: 1\nservices:\n- {name: order, depends_on: [payment], releases: [{version: 1.0.0}]}\n- name: payment\n"
        )
        gone = CatalogFile(tmp_path / "nowhere.yaml")
        return CatalogWorld(catalog=CatalogFile(path), gone=gone, source="file", declared=True)
