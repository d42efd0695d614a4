"""What every panel is made of: theme, icons, controls, forms. It knows no panel."""
