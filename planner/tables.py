"""Imports every model, so that Alembic and `create_all` see the whole schema."""

from planner.accounts import models as accounts
from planner.catalog import models as catalog
from planner.catalog import search as catalog_search
from planner.channels import models as channels
from planner.core.db import Base
from planner.insights import models as insights
from planner.ledger import models as ledger
from planner.listening import models as listening
from planner.people import models as people
from planner.people import person_models
from planner.planning import approval_models, listed_models, quiet_models, recurring
from planner.planning import models as planning
from planner.planning import writing_models as planning_writing
from planner.promotion import models as promotion
from planner.publishing import models as publishing
from planner.reports import models as reports

__all__ = [
    "accounts", "approval_models", "catalog", "catalog_search", "channels", "insights", "ledger", "listed_models", "listening", "metadata", "people", "person_models", "planning",
    "planning_writing", "promotion", "publishing", "quiet_models", "recurring", "reports",
]

metadata = Base.metadata
