"""The order, colours and names of actions in pictures of statistics."""

from skl_tot.display.profiles import code_actions, shortened
from skl_tot.statistics.orders import usual_codes


def order_actions(bouts, action_names):
    """Codes of the actions of bouts in their usual order, the others after them.

    Gives their codes among actions, their codes of colours and their names.
    """
    if not bouts.actions:
        raise ValueError("labels show no action, expected some to draw.")
    usual = usual_codes(bouts)
    others = [code for code in range(len(bouts.actions)) if code not in usual]
    order = usual + others
    colours, names = code_actions(bouts.actions, action_names)
    return order, [colours[k] for k in order], [shortened(names[k]) for k in order]
