"""What authors of backends and operators need to test them."""
