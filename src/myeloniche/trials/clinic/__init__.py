"""What happens to a patient: marrow and drugs, visits, response, harm and relapse."""
