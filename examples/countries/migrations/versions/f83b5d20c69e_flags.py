"""flags

Revision ID: f83b5d20c69e
Revises: c07a4e1d86b5
Create Date: 2026-02-09 08:27:33.470925

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision: str = 'f83b5d20c69e'
down_revision: Union[str, Sequence[str], None] = 'c07a4e1d86b5'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    """Upgrade schema."""
    op.add_column("country", sa.Column("flag", sa.String(8)))


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_column("country", "flag")
