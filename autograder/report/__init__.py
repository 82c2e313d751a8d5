"""What an instructor reads of a class: pages for learners, the class board, grade books."""
