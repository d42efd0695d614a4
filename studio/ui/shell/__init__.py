"""The window: menus, docks, toolbar, keys."""
