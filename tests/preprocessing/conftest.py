import pytest
import torch


@pytest.fixture(autouse=True, scope="package")
def _one_thread():
    """Threads that wait for each other on a busy machine take 50 times as long."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)
