"""withdrawn currencies

Revision ID: c07a4e1d86b5
Revises: 9e6d25b8310f
Create Date: 2026-02-03 11:40:05.906711

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision: str = 'c07a4e1d86b5'
down_revision: Union[str, Sequence[str], None] = '9e6d25b8310f'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    """Upgrade schema."""
    op.add_column("currency", sa.Column("withdrawn_on", sa.Date))


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_column("currency", "withdrawn_on")
