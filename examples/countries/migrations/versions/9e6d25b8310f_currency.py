"""currency

Revision ID: 9e6d25b8310f
Revises: 4b1f0c7a92d3
Create Date: 2026-01-19 16:02:51.118840

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision: str = '9e6d25b8310f'
down_revision: Union[str, Sequence[str], None] = '4b1f0c7a92d3'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    """Upgrade schema."""
    op.create_table(
        "currency",
        sa.Column("code", sa.String(3), primary_key=True),
        sa.Column("numeric_code", sa.String(3), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("minor_units", sa.SmallInteger),
    )
    op.create_table(
        "country_currency",
        sa.Column("country", sa.String(2), sa.ForeignKey("country.alpha2"), primary_key=True),
        sa.Column("currency", sa.String(3), sa.ForeignKey("currency.code"), primary_key=True),
    )


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_table("country_currency")
    op.drop_table("currency")
