"""Products of Householder reflectors in PyTorch, written in the ways that people write them.

All take rows [m, n]: row i is a reflector that acts on the coordinates from i on (what stands before is 0), and the
product is H(row 0) H(row 1) ... The last row of a full set is a sign, which is not trained.
"""

import torch
from torch import Tensor


def trained_rows(rows: Tensor) -> Tensor:
    """The rows without what is not trained: zeros before the diagonal, and no gradient to the sign of a full set."""
    m, n = rows.shape
    rows = rows.triu()
    return torch.cat([rows[:-1], rows[-1:].detach()]) if m == n else rows


def lapack(rows: Tensor) -> Tensor:
    """torch.linalg.householder_product (LAPACK's orgqr), which wants reflectors with a 1 on the diagonal."""
    m, n = rows.shape
    rows = trained_rows(rows)
    diagonal = rows.diagonal()
    absent = diagonal == 0
    unit = rows / torch.where(absent, 1.0, diagonal)[:, None]
    tau = torch.where(absent, 0.0, 2 / (unit * unit).sum(1).clamp_min(1e-30))
    # All n columns of the product are wanted, so the rest of the matrix is filled with nothing.
    columns = torch.nn.functional.pad(unit, (0, 0, 0, n - m)).t()
    return torch.linalg.householder_product(columns, tau)


def unit_rows(rows: Tensor) -> Tensor:
    """Rows of length 1; a row of zeros stays."""
    rows = trained_rows(rows)
    return rows / rows.norm(dim=1, keepdim=True).clamp_min(1e-30)


def compact_wy(rows: Tensor, x: Tensor | None = None, block: int = 64) -> Tensor:
    """The product times x (absent: the identity), by I - Y T Y^t for each block (Schreiber & Van Loan 1989).

    T is taken by its inverse (Joffrain et al. 2006), so that automatic differentiation goes through matrix products
    and triangular solutions alone. All blocks are built at once and multiplied from the last to the first.
    """
    m, n = rows.shape
    block = min(block, m)
    y = unit_rows(rows)
    blocks = -(-m // block)
    y = torch.nn.functional.pad(y, (0, 0, 0, blocks * block - m)).view(blocks, block, n)
    # A reflector of zeros takes any diagonal but 0: nothing of it reaches the product.
    inverse = (y @ y.mT).triu(1) + 0.5 * torch.eye(block)
    ty = torch.linalg.solve_triangular(inverse, y, upper=True)
    for i in range(blocks - 1, -1, -1):
        x = torch.eye(n) - y[i].t() @ ty[i] if x is None else x - y[i].t() @ (ty[i] @ x)
    assert x is not None
    return x


class FastH(torch.autograd.Function):
    """H_1 ... H_m X by the algorithm of Mathiasen et al. (2020), for unit reflectors in rows.

    Forward (their Algorithm 1): the W of each block's I - 2 W Y^t is built one reflector after the other, all blocks at
    once; then the blocks are applied in turn. Backward (Algorithm 2): through the blocks in turn, then within all
    blocks at once, reflector after reflector.
    """

    @staticmethod
    def forward(ctx, rows: Tensor, x: Tensor, block: int) -> Tensor:  # type: ignore[override]
        m, n = rows.shape
        blocks = -(-m // block)
        y = torch.nn.functional.pad(rows, (0, 0, 0, blocks * block - m)).view(blocks, block, n)
        w = y.clone()
        for j in range(1, block):
            # w_j = P_{j-1} y_j with P_{j-1} = I - 2 W Y^t of the reflectors before.
            inner = y[:, :j] @ y[:, j, :, None]
            w[:, j] -= 2 * (w[:, :j].mT @ inner)[..., 0]
        states = torch.empty(blocks + 1, *x.shape)
        states[blocks] = x
        for i in range(blocks - 1, -1, -1):
            torch.addmm(states[i + 1], w[i].t(), y[i] @ states[i + 1], alpha=-2, out=states[i])
        ctx.save_for_backward(y, w, states)
        ctx.rows = m
        return states[0].clone()

    @staticmethod
    def backward(ctx, gradient: Tensor):  # type: ignore[override]
        y, w, states = ctx.saved_tensors
        blocks, block, _ = y.shape
        gradients = torch.empty_like(states)
        gradients[0] = gradient
        for i in range(blocks):
            # P^t = I - 2 Y W^t.
            torch.addmm(gradients[i], y[i].t(), w[i] @ gradients[i], alpha=-2, out=gradients[i + 1])
        dy = torch.empty_like(y)
        a, g = states[:-1].clone(), gradients[:-1].clone()
        for j in range(block):
            v = y[:, j, :, None]
            # From the output of H_j to its input, which H_j itself gives back.
            a.baddbmm_(v, v.mT @ a, alpha=-2)
            av, gv = a.mT @ v, g.mT @ v
            dy[:, j] = -2 * (g @ av + a @ gv)[..., 0]
            g.baddbmm_(v, gv.mT, alpha=-2)
        return dy.reshape(-1, y.shape[2])[: ctx.rows], gradients[-1], None


def fasth(rows: Tensor, x: Tensor | None = None) -> Tensor:
    """The product times x (absent: the identity), in blocks of about the root of their number, as the paper has it."""
    m, n = rows.shape
    block = max(4, min(32, int(m**0.5) * 2))
    return FastH.apply(unit_rows(rows), torch.eye(n) if x is None else x, block)


class Chain(torch.autograd.Function):
    """Reflectors (unit rows) on states [B, n], one by one: h H(row 0) H(row 1) ..., or from the last row to the first.

    No state between reflectors is kept: on the way back each reflector undoes itself.
    """

    @staticmethod
    def forward(ctx, rows: Tensor, h: Tensor, from_last: bool) -> Tensor:  # type: ignore[override]
        h = h.clone()
        order = range(rows.shape[0])
        for i in reversed(order) if from_last else order:
            part, u = h[:, i:], rows[i, i:]
            part.addr_(part @ u, u, alpha=-2)
        ctx.save_for_backward(rows, h)
        ctx.from_last = from_last
        return h.clone()

    @staticmethod
    def backward(ctx, gradient: Tensor):  # type: ignore[override]
        rows, h = ctx.saved_tensors
        h, g = h.clone(), gradient.clone()
        d_rows = torch.zeros_like(rows)
        order = range(rows.shape[0])
        for i in order if ctx.from_last else reversed(order):
            u, hp, gp = rows[i, i:], h[:, i:], g[:, i:]
            hp.addr_(hp @ u, u, alpha=-2)
            hu, gu = hp @ u, gp @ u
            d_rows[i, i:] = -2 * (gp.t() @ hu + hp.t() @ gu)
            gp.addr_(gu, u, alpha=-2)
        return d_rows, g, None
