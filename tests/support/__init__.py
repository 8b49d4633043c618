"""What more than one suite needs: tables of cases, and handles on running stacks."""
