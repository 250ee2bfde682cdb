"""Nowcasts: what a list that is still filling will say, and how past ones would have done."""
