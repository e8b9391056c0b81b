"""`python -m api`."""

from api.serve import main

raise SystemExit(main())
